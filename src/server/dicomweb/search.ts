import type { Request, RequestHandler } from 'express';
import { UserError } from '../../domain/errors.js';
import { namedAttribute } from '../../imaging/dicom/dictionary.js';
import {
  type AttributeLevel,
  isMatched,
  type Match,
  SEARCHABLE,
  type SearchableAttribute,
  searchObjects,
  type SearchRequest,
} from '../../services/dicomweb/index.js';
import { viewerOf } from '../authenticate.js';
import { charge } from '../rate-limit.js';
import { chooseJson } from './accept.js';
import type { DicomwebOptions } from './options.js';
import { addressOf, pathOf, rootOf } from './paths.js';

/** Most answers of one search, and how many there are unless it says. */
const LIMITS = { most: 1_000, default: 100 };

/** What a search takes from the quota: looking, and each answer that it may have. */
const SEARCH_POINTS = { each: 500, row: 5 };

/** QIDO-RS (PS3.18, 10.6): what of the objects that the caller may see fits the query, as DICOM JSON. */
export function searchHandler(
  { dataSource, quotas, catalogue }: DicomwebOptions,
  level: AttributeLevel,
): RequestHandler {
  return async (request, response) => {
    const type = chooseJson(request);
    const asked = searchIn(request, level);
    await charge(quotas, response, SEARCH_POINTS.each + SEARCH_POINTS.row * asked.limit, 'this search');
    await catalogue.catchUp();
    const { found, isMore } = await searchObjects(dataSource, viewerOf(response), asked);
    const warnings = [
      ...(request.query['fuzzymatching'] === 'true'
        ? ['The fuzzymatching parameter is not supported. Only literal matching has been performed.']
        : []),
      ...(isMore
        ? ['The number of results exceeded the limit of this search. Additional results can be requested.']
        : []),
    ];
    response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    if (warnings.length > 0) response.set('Warning', warnings.map((text) => `299 osteograph "${text}"`).join(', '));
    if (found.length === 0) return void response.status(204).end();
    const root = rootOf(request);
    const answers = found.map(({ path, attributes }) => ({
      '00080056': { vr: 'CS', Value: ['ONLINE'] },
      ...attributes,
      '00081190': { vr: 'UR', Value: [addressOf(root, path)] },
    }));
    // Not by `set`, which would add a charset that the types do not have.
    response.setHeader('Content-Type', type).end(JSON.stringify(answers));
  };
}

/** Parameters of a search that are no attributes. */
const OTHERS = ['includefield', 'limit', 'offset', 'fuzzymatching', 'accept'];

/** @throws UserError BAD_USER_INPUT */
function searchIn(request: Request, level: AttributeLevel): SearchRequest {
  const { limit, offset, includefield, fuzzymatching } = request.query;
  if (fuzzymatching !== undefined && fuzzymatching !== 'true' && fuzzymatching !== 'false') {
    throw new UserError('BAD_USER_INPUT', 'fuzzymatching must be true or false.');
  }
  const matches = Object.entries(request.query).flatMap(([name, value]): Match[] =>
    OTHERS.includes(name) ? [] : [matchIn(name, value)],
  );
  const matched = matches.map(({ attribute }) => attribute);
  const include = includedIn(includefield);
  return {
    level,
    below: pathOf(request),
    matches,
    // What was searched by is in the answer.
    include: include === 'all' ? include : [...include, ...matched],
    limit: Math.min(wholeIn('limit', limit) ?? LIMITS.default, LIMITS.most),
    offset: wholeIn('offset', offset) ?? 0,
  };
}

/** Of whichever level: a study is found by what one of its series or instances is. */
function matchIn(name: string, value: unknown): Match {
  const attribute = SEARCHABLE.find(({ tag }) => tag === namedAttribute(name)?.tag);
  // A filter that is left out would widen the answer.
  if (!attribute || !isMatched(attribute)) {
    const accepted = SEARCHABLE.filter(isMatched).map(({ keyword }) => keyword);
    throw new UserError(
      'BAD_USER_INPUT',
      `${printable(name)} is nothing that is searched by; accepted: ${[...accepted, ...OTHERS].join(', ')}.`,
    );
  }
  if (typeof value !== 'string' || value.includes('\0') || value.length > 4_000) {
    throw new UserError('BAD_USER_INPUT', `${attribute.keyword} must be given once, as text.`);
  }
  return { attribute, value };
}

/** Attributes to be answered with: keywords or tags, separated by commas or given several times. What is not kept is left out. */
function includedIn(given: unknown): 'all' | SearchableAttribute[] {
  const names = [given ?? []].flat().flatMap((text) => (typeof text === 'string' ? text.split(',') : ['']));
  if (names.includes('all')) return 'all';
  return names.flatMap((name) => {
    // A path through sequences is none of the attributes that are kept.
    const known = namedAttribute(name.split('.')[0]!);
    if (!known)
      throw new UserError('BAD_USER_INPUT', `includefield names ${printable(name)}, which is no attribute of DICOM.`);
    return SEARCHABLE.filter(({ tag }) => tag === known.tag && !name.includes('.'));
  });
}

function wholeIn(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  throw new UserError('BAD_USER_INPUT', `${name} must be a whole number of at least 0.`);
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
