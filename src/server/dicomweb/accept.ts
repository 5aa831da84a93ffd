import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { UserError } from '../../domain/errors.js';

/** A media type that a client would take. */
export interface AcceptedType {
  /** Lower-case, e.g. "multipart/related" or "image/*". */
  essence: string;
  /** Of multipart/related: what the parts are; null where it does not say. */
  partType: string | null;
  /** Null where it does not say; `*` for as it is stored. */
  transferSyntax: string | null;
  /** 0 to 1; 0 is not acceptable. */
  q: number;
}

/** More would be no browser's. */
const MOST_CHARACTERS = 2_000;

/**
 * What the client of a request takes, the best first: the query's `accept`, which goes before the header as PS3.18, 8.7.5 says, else `Accept`.
 * Whoever says nothing takes anything.
 *
 * @throws UserError NOT_ACCEPTABLE for what is no list of media types
 */
export function acceptedTypes({ query, headers }: Pick<Request, 'query' | 'headers'>): AcceptedType[] {
  const asked = query['accept'];
  const text = typeof asked === 'string' ? asked : asked === undefined ? (headers.accept ?? '*/*') : '';
  if (text.length > MOST_CHARACTERS) throw notAcceptable('Accept is too long.');
  // Commas and semicolons within quotes belong to a parameter.
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  const types = parts.map((part) => parsed(part.trim()));
  return types.filter(({ q }) => q > 0).sort((a, b) => b.q - a.q);
}

/** @throws UserError NOT_ACCEPTABLE */
function parsed(text: string): AcceptedType {
  // MIMEType knows no wildcards.
  const [, essence = '', parameters = ''] = /^([^;]*)(.*)$/s.exec(text) ?? [];
  const name = essence.trim().toLowerCase();
  if (!/^(?:\*\/\*|[\w.+-]+\/(?:\*|[\w.+-]+))$/.test(name)) throw notAcceptable('Accept holds what is no media type.');
  const { params } = new MIMEType(`any/any${parameters}`);
  const q = Number(params.get('q') ?? 1);
  return {
    essence: name,
    partType: params.get('type')?.toLowerCase() ?? null,
    transferSyntax: params.get('transfer-syntax'),
    q: Number.isFinite(q) ? q : 0,
  };
}

/** A refusal of every media type that the client takes. @param message says what there is instead */
export function notAcceptable(message: string): UserError {
  return new UserError('NOT_ACCEPTABLE', message);
}

/** Whether a media type is of a range such as "image/*"; a client that names none takes it. */
function isIn(range: string | null, type: string): boolean {
  return range === null || range === '*/*' || range === type || range === `${type.slice(0, type.indexOf('/'))}/*`;
}

/** Whether a client that takes a media type takes parts of another one. */
export function takesParts({ essence, partType }: AcceptedType, type: string): boolean {
  return essence === '*/*' || (isIn(essence, 'multipart/related') && isIn(partType, type));
}

/**
 * The first of some whole media types that a client takes.
 *
 * @throws UserError NOT_ACCEPTABLE
 */
export function chooseType<T extends string>(accepted: readonly AcceptedType[], offered: readonly T[]): T {
  for (const { essence } of accepted) {
    const found = offered.find((type) => isIn(essence, type));
    if (found) return found;
  }
  throw notAcceptable(`There is ${offered.join(' and ')} here.`);
}

/** Answers of searches and of metadata. */
const JSON_TYPES = ['application/dicom+json', 'application/json'] as const;

/** @throws UserError NOT_ACCEPTABLE for a client that takes XML alone */
export function chooseJson(request: Pick<Request, 'query' | 'headers'>): (typeof JSON_TYPES)[number] {
  return chooseType(acceptedTypes(request), JSON_TYPES);
}
