import { enums, inputs } from 'virtual:schema-language';
import { features, variables } from 'virtual:variables';
import { gradesOf } from './words.ts';

/** A field of an input type of the schema. */
export interface InputField {
  /** Name of the type, without list and non-null. */
  type: string;
  list?: true;
  required?: true;
  /** Its value when it is not given. */
  initial?: unknown;
  description: string;
}

export interface InputType {
  fields: Record<string, InputField>;
}

/** A filter as the API takes it; null stands for a value that is still to be typed. */
export type Filter = { [field: string]: unknown };

/** What one field of a filter is to the builder. */
export type FieldKind = 'value' | 'comparison' | 'relation' | 'object' | 'groups' | 'group';

/** In the order in which they are offered. */
const OPERATORS: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  in: 'is one of',
  nin: 'is none of',
  gte: 'is at least',
  gt: 'is more than',
  lte: 'is at most',
  lt: 'is less than',
  contains: 'contains',
  isNull: 'is missing',
};

const QUANTIFIERS = ['some', 'every', 'none', 'exists', 'count'];

export function fieldsOf(type: string): Record<string, InputField> {
  return inputs[type]?.fields ?? {};
}

export function kindOf(name: string, { type, list }: InputField): FieldKind {
  if (list && (name === 'and' || name === 'or')) return 'groups';
  if (name === 'not') return 'group';
  const fields = inputs[type]?.fields;
  if (!fields) return 'value';
  const names = Object.keys(fields);
  if (names.every((field) => QUANTIFIERS.includes(field))) return 'relation';
  return names.some((field) => field in OPERATORS && !inputs[fields[field]!.type]) ||
    names.every((field) => !inputs[fields[field]!.type])
    ? 'comparison'
    : 'object';
}

/** Operators of a comparison, e.g. of IntFilter, with their words. */
export function operatorsOf(type: string): { name: string; words: string }[] {
  const fields = fieldsOf(type);
  return Object.entries(OPERATORS)
    .filter(([name]) => name in fields)
    .map(([name, words]) => ({ name, words }));
}

/** Fields of a comparison that are no operators and no filters of their own: the visits of a change, the reading project, ... */
export function parametersOf(type: string): string[] {
  return Object.entries(fieldsOf(type))
    .filter(([name, field]) => !(name in OPERATORS) && !inputs[field.type])
    .map(([name]) => name);
}

/** A new condition on a field, to be filled in; of a field that takes a list, the first of its list. */
export function emptyCondition(name: string, field: InputField): unknown {
  const condition = emptyOne(name, field);
  return field.list && kindOf(name, field) === 'comparison' ? [condition] : condition;
}

function emptyOne(name: string, field: InputField): unknown {
  switch (kindOf(name, field)) {
    case 'value':
      return field.type === 'Boolean' ? true : null;
    case 'comparison': {
      const [operator] = operatorsOf(field.type);
      const parameters = Object.fromEntries(
        parametersOf(field.type).map((parameter) => [parameter, initialOf(fieldsOf(field.type)[parameter]!)]),
      );
      return operator ? { ...parameters, [usualOperator(name, field)]: null } : parameters;
    }
    case 'relation':
      return { some: {} };
    case 'groups':
      return [{}, {}];
    case 'group':
    case 'object':
      return {};
  }
}

/** The operator that a number or an enum is mostly asked with. */
function usualOperator(name: string, { type }: InputField): string {
  const fields = fieldsOf(type);
  const scalar = (fields['eq'] ?? fields['gte'])?.type ?? '';
  const graded = scalar === 'Int' && gradesOfField(name) !== undefined && !('from' in fields);
  if ((enums[scalar] || graded) && fields['in']) return 'in';
  if ((scalar === 'Int' || scalar === 'Float') && fields['gte']) return 'gte';
  if (fields['contains']) return 'contains';
  return fields['eq'] ? 'eq' : operatorsOf(type)[0]!.name;
}

/** Grades that a field named as a radiographic feature can have; undefined for any other field. */
export function gradesOfField(name: string): number[] | undefined {
  const grades = gradesOf(name === 'kl' ? 'XRKL' : name);
  return grades.length > 0 ? grades : undefined;
}

function initialOf({ initial, required, type }: InputField): unknown {
  if (initial !== undefined) return initial;
  if (!required) return null;
  const values = enums[type];
  return values?.[0]?.value ?? null;
}

/** The filter without what is not filled in yet; undefined when nothing is left. */
export function filledIn(filter: Filter): Filter | undefined {
  return stripped(filter, 'KneeExamFilter') as Filter | undefined;
}

function stripped(value: unknown, type: string): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => stripped(item, type)).filter((item) => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (typeof value !== 'object') return value;
  const fields = fieldsOf(type);
  const kept = Object.entries(value).flatMap(([name, child]) => {
    const field = fields[name];
    if (!field) return [[name, child] as const];
    const left = stripped(child, field.type);
    return left === undefined ? [] : [[name, left] as const];
  });
  const operators = operatorsOf(type);
  const given = Object.fromEntries(kept);
  const lacks = Object.entries(fields).some(([name, { required }]) => required && !(name in given));
  if (lacks) return undefined;
  const quantified = Object.keys(fields).every((name) => QUANTIFIERS.includes(name)) && Object.keys(fields).length > 0;
  // "Some row" without a condition on it is a condition: there is one. So is "none".
  if (quantified && Object.keys(given).length === 0 && 'some' in value) given['exists'] = true;
  else if (quantified && Object.keys(given).length === 0 && 'none' in value) given['exists'] = false;
  // The visits of a change say nothing before it is compared with something.
  const idle = operators.length > 0 && !operators.some(({ name }) => name in given);
  return Object.keys(given).length === 0 || idle ? undefined : given;
}

/** What fits both filters; one without conditions asks nothing. */
export function both(one: Filter, other: Filter): Filter {
  return Object.keys(one).length === 0 ? other : { and: [one, other] };
}

/** A filter as it is edited: whether there are rows at all is "some" or "none" whose condition is still to be filled in. */
export function unfilled(filter: Filter): Filter {
  return opened(filter) as Filter;
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]: [string, unknown]) =>
      name === 'exists' && typeof child === 'boolean' ? [child ? 'some' : 'none', {}] : [name, opened(child)],
    ),
  );
}

/** "womacPain" as "WOMAC pain"; a radiographic feature by its name. */
export function fieldLabel(name: string): string {
  const known = features.find(({ code }) => code === name)?.name ?? variables.find(({ code }) => code === name)?.label;
  return known ?? spoken(name);
}

/** "adjacentCorrelation" as "Adjacent correlation". */
export function spoken(name: string): string {
  const words = name
    .replace(/([A-Z])/g, ' $1')
    .toLowerCase()
    .split(' ');
  const text = words.map((word) => ACRONYMS[word] ?? word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const ACRONYMS: Readonly<Record<string, string>> = {
  kl: 'KL',
  bmi: 'BMI',
  womac: 'WOMAC',
  koos: 'KOOS',
  mri: 'MRI',
  oai: 'OAI',
  oa: 'OA',
  id: 'ID',
  psnr: 'PSNR',
  ssim: 'SSIM',
  rssim: 'RSSIM',
  iou: 'IoU',
};

/** The filter as a GraphQL literal, as it is written into a query. */
export function printFilter(filter: Filter): string {
  return printLiteral(filter, 'KneeExamFilter');
}

/** A value of a type of the schema as a GraphQL literal: enums without quotes. */
export function printLiteral(value: unknown, type: string): string {
  return print(value, { type, description: '' }, '');
}

function print(value: unknown, field: InputField, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => print(item, { ...field }, indent)).join(', ')}]`;
  if (typeof value === 'string') return enums[field.type] ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = fieldsOf(field.type);
  const parts = (inner: string) =>
    Object.entries(value).map(
      ([name, child]) => `${name}: ${print(child, fields[name] ?? { type: '', description: '' }, inner)}`,
    );
  const flat = `{ ${parts(indent).join(', ')} }`;
  if (Object.keys(value).length === 0) return '{}';
  if (flat.length + indent.length <= 36 && !flat.includes('\n')) return flat;
  const inner = `${indent}  `;
  return `{\n${parts(inner)
    .map((part) => inner + part)
    .join('\n')}\n${indent}}`;
}

/**
 * Reads a GraphQL literal back.
 *
 * @throws Error with a sentence that says what is wrong
 */
export async function parseFilter(text: string): Promise<Filter> {
  if (text.trim() === '') return {};
  const { parseValue, valueFromASTUntyped } = await import('graphql');
  const value = valueFromASTUntyped(parseValue(text));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('A filter starts with { and ends with }.');
  checkNames(value as Filter, 'KneeExamFilter');
  return value as Filter;
}

function checkNames(value: unknown, type: string): void {
  if (Array.isArray(value)) return value.forEach((item) => checkNames(item, type));
  if (typeof value !== 'object' || value === null || !inputs[type]) return;
  const fields = fieldsOf(type);
  for (const [name, child] of Object.entries(value)) {
    const field = fields[name];
    if (!field) throw new Error(`${type} has no field "${name}"; it has ${Object.keys(fields).join(', ')}.`);
    checkNames(child, field.type);
  }
}

/** Values that a top-level condition names by `eq` or `in`; null when it is asked otherwise or not at all. */
export function chosenValues(filter: Filter, field: string): unknown[] | null {
  const condition = filter[field];
  if (typeof condition !== 'object' || condition === null) return null;
  const { eq, in: list, isNull } = condition as { eq?: unknown; in?: unknown[]; isNull?: boolean };
  if (isNull === true) return [null];
  if (Array.isArray(list)) return list;
  return eq === undefined || eq === null ? null : [eq];
}

/** The filter with a value of a field chosen, or no longer chosen; null = missing. */
export function toggleValue(filter: Filter, field: string, value: unknown): Filter {
  const chosen = chosenValues(filter, field) ?? [];
  const rest = without(filter, field);
  if (value === null) return chosen.includes(null) ? rest : { ...rest, [field]: { isNull: true } };
  const next = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
  const values = next.filter((other) => other !== null).toSorted();
  if (values.length === 0) return rest;
  return { ...rest, [field]: values.length === 1 ? { eq: values[0] } : { in: values } };
}

export function without(filter: Filter, field: string): Filter {
  const { [field]: _gone, ...rest } = filter;
  return rest;
}
