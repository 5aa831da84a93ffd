import { decodeId } from '../../domain/global-ids.js';
import { KNEE_EXAMS, type Table, type Where } from '../filters/index.js';

/**
 * The criteria of a filter in order: the conditions that must all hold, each a filter of its own. `and` keeps the order it was
 * given; the fields of one object stand in the order of the schema, which is how GraphQL hands them over.
 */
export function criteriaOf(where: Where, table: Table = KNEE_EXAMS): Where[] {
  return Object.entries(where).flatMap(([name, value]: [string, unknown]): Where[] => {
    if (value === undefined) return [];
    if (name === 'and' && Array.isArray(value)) return value.flatMap((part) => criteriaOf(part as Where, table));
    const field = Object.hasOwn(table.fields, name) ? table.fields[name] : undefined;
    if (field?.kind === 'one' && isObject(value)) {
      return criteriaOf(value, table.joins[field.join]!.table()).map((part) => ({ [name]: part }));
    }
    if (field?.kind === 'group' && isObject(value)) {
      return Object.entries(value).map(([member, condition]) => ({ [name]: { [member]: condition as unknown } }));
    }
    return [{ [name]: value }];
  });
}

const SIGNS: Record<string, string> = { eq: '=', ne: '≠', gt: '>', gte: '≥', lt: '<', lte: '≤' };

/** Fields whose values point at single people or images; a diagram says how many were named, not which. */
const IDENTIFYING = new Set(['id', 'oaiId', 'barcode', 'clientKey']);

/** Most values of a list that a criterion's text spells out. */
const MAX_SPELT_OUT = 8;

/**
 * A criterion as a line of an attrition diagram, e.g. "age ≥ 50 and age < 70", "participant sex = FEMALE".
 *
 * @param names of cohorts, by key.
 */
export function describeCriterion(where: Where, names: ReadonlyMap<string, string>): string {
  return describe(where, '', names);
}

function describe(where: unknown, subject: string, names: ReadonlyMap<string, string>): string {
  if (!isObject(where)) return `${subject} ${String(where)}`.trim();
  const parts = Object.entries(where)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => describeEntry(name, value, subject, names));
  return parts.length === 0 ? 'anything' : parts.join(' and ');
}

function describeEntry(name: string, value: unknown, subject: string, names: ReadonlyMap<string, string>): string {
  const inner = subject === '' ? name : `${subject} ${name}`;
  if ((name === 'and' || name === 'or') && Array.isArray(value)) {
    const parts = value.map((part) => `(${describe(part, subject, names)})`);
    return parts.length > 1 ? `(${parts.join(` ${name} `)})` : (parts[0] ?? (name === 'and' ? 'anything' : 'nothing'));
  }
  if (name === 'not') return `not (${describe(value, subject, names)})`;
  if (name === 'inCohort') return `in cohort ${cohortName(value, names)}`;
  if (name === 'some' || name === 'none' || name === 'every')
    return `${name} ${subject} (${describe(value, '', names)})`;
  if (typeof value === 'boolean') return describeFlag(name, value, subject);
  if (isObject(value)) return describe(value, inner, names);
  return describeOperator(name, value, subject);
}

function describeFlag(name: string, value: boolean, subject: string): string {
  if (name === 'isNull') return `${subject} ${value ? 'missing' : 'not missing'}`;
  if (name === 'exists') return `${value ? 'some' : 'no'} ${subject}`;
  if (name in SIGNS) return `${subject} ${SIGNS[name]} ${value}`;
  return `${value ? '' : 'not '}${subject === '' ? name : `${subject} ${name}`}`;
}

function describeOperator(name: string, value: unknown, subject: string): string {
  const word = { in: 'one of', nin: 'none of', contains: 'contains' }[name] ?? SIGNS[name] ?? name;
  const values = (Array.isArray(value) ? value : [value]) as unknown[];
  const hidden = IDENTIFYING.has(subject.split(' ').at(-1)!) || values.length > MAX_SPELT_OUT;
  const text = hidden ? `${values.length} given value${values.length === 1 ? '' : 's'}` : values.map(plain).join(', ');
  return `${subject} ${word} ${text}`;
}

function cohortName(condition: unknown, names: ReadonlyMap<string, string>): string {
  const { eq, version } = (isObject(condition) ? condition : {}) as { eq?: unknown; version?: unknown };
  const key = typeof eq === 'string' ? decodeId(eq)?.key : undefined;
  const name = names.get(String(key));
  return `${name === undefined ? 'unknown' : `"${name}"`}${typeof version === 'number' ? ` version ${version}` : ''}`;
}

function plain(value: unknown): string {
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
