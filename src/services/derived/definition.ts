import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { DerivedBand, DerivedDefinition, DerivedSource } from '../../domain/variables/index.js';
import type { Where } from '../filters/index.js';
import { pinVersions, readDefinition } from '../variables/index.js';

/** How a derived variable is to be defined: by one of these. */
export interface DefinitionRequest {
  /** Yes where the filter holds, no where it does not. */
  where?: Where | null | undefined;
  /** The first band whose filter holds. */
  bands?: readonly { label: string; where: Where }[] | null | undefined;
}

const MAX_BANDS = 50;
const MAX_LABEL = 100;

/** Characters of a definition as JSON, with those of the variables that it names: its operands stand in every statement that names it. */
const MAX_LENGTH = 50_000;

/** Derived variables within derived variables: each is one more query within another. */
const MAX_DEPTH = 5;

/**
 * The definition that a request gives; undefined where it gives none.
 *
 * @throws UserError BAD_USER_INPUT for both ways at once, and for bands that are none
 */
export function definitionOf({ where, bands }: DefinitionRequest): DerivedDefinition | undefined {
  if (where != null && bands != null) throw new UserError('BAD_USER_INPUT', 'Give one of where and bands, not both.');
  if (where != null) return { where: asStored(where) };
  if (bands == null) return undefined;
  if (bands.length < 1 || bands.length > MAX_BANDS) {
    throw new UserError('BAD_USER_INPUT', `bands takes 1 to ${MAX_BANDS} bands, got ${bands.length}.`);
  }
  const labels = bands.map(({ label }, index) => checkLabel(label, `bands[${index}].label`));
  const repeated = labels.find((label, index) => labels.indexOf(label) !== index);
  if (repeated !== undefined) throw new UserError('BAD_USER_INPUT', `bands has the label "${repeated}" twice.`);
  return { bands: bands.map(({ where: of }, index): DerivedBand => ({ label: labels[index]!, where: asStored(of) })) };
}

/**
 * A definition as it is kept, once all of it is found valid: what it names is there, and it is no larger than a filter may be.
 *
 * @throws UserError BAD_USER_INPUT, LIMIT_EXCEEDED
 */
export async function checkedDefinition(
  database: DataSource | EntityManager,
  definition: DerivedDefinition,
): Promise<DerivedDefinition> {
  const filters = 'where' in definition ? [definition.where] : definition.bands.map(({ where }) => where);
  for (const [index, filter] of filters.entries()) {
    const path = 'where' in definition ? 'where' : `bands[${index}].where`;
    // The last band may take in whatever is left.
    const mayBeEmpty = 'bands' in definition && index > 0 && index === filters.length - 1;
    if (Object.keys(filter).length === 0 && !mayBeEmpty) {
      throw new UserError('BAD_USER_INPUT', `${path} is empty; every exam would have the same value.`);
    }
    refuseCohorts(filter, path);
  }
  const kept: DerivedDefinition =
    'where' in definition
      ? { where: await pinVersions(database, definition.where) }
      : { bands: await pinned(database, definition.bands) };
  const read = await readDefinition(database, kept);
  const { length } = JSON.stringify(read.values);
  if (length > MAX_LENGTH) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The definition has ${length} characters as JSON, what it names included; at most ${MAX_LENGTH} are allowed.`,
    );
  }
  const depth = depthOf(read);
  if (depth > MAX_DEPTH) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The definition nests derived variables ${depth} deep; at most ${MAX_DEPTH} are allowed.`,
    );
  }
  return kept;
}

async function pinned(database: DataSource | EntityManager, bands: readonly DerivedBand[]): Promise<DerivedBand[]> {
  const kept: DerivedBand[] = [];
  for (const { label, where } of bands) kept.push({ label, where: await pinVersions(database, where) });
  return kept;
}

/** Everybody may use a derived variable, and a cohort may be its owner's alone. */
function refuseCohorts(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value) as [string, unknown][]) {
    const inner = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    if (name === 'inCohort') {
      throw new UserError(
        'BAD_USER_INPUT',
        `${inner} is not accepted: a derived variable says what knees are like, not which cohort they are in.`,
      );
    }
    refuseCohorts(part, inner);
  }
}

/** 1 for a variable that is made of no derived one, 2 for one that is made of such, ... */
function depthOf({ values }: Pick<DerivedSource, 'values'>): number {
  return 1 + Math.max(0, ...values.map(({ where }) => within(where)));
}

function within(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if ('derived' in value && 'values' in value) return depthOf(value as DerivedSource);
  return Math.max(0, ...Object.values(value).map(within));
}

/** @throws UserError BAD_USER_INPUT for an empty or long label */
export function checkLabel(label: string, field: string): string {
  const text = label.trim().toWellFormed();
  if (text.length >= 1 && text.length <= MAX_LABEL && !text.includes('\0')) return text;
  throw new UserError('BAD_USER_INPUT', `${field} must have between 1 and ${MAX_LABEL} characters.`);
}

/** A filter as JSON keeps it: no undefined entries, times as text. */
function asStored(filter: Where): Where {
  return JSON.parse(JSON.stringify(filter)) as Where;
}
