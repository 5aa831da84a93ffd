import { UserError } from '../../domain/errors.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { changeCondition } from './change.js';
import { comparison, entries, list, lookUp } from './comparison.js';
import { Parameters, Scope } from './scope.js';
import type { Field, ManyField, MaybeField, Table, Unless } from './table.js';
import { parameterValue } from './values.js';
import { variableComparison } from './variable-comparison.js';
import { RESOLVED, variableCondition } from './variable-condition.js';

export { Parameters, Scope } from './scope.js';

/** A filter as a caller gives it: checked against the table's fields while it is compiled. */
export type Where = object;

/** Bounds on one filter: what a query may cost must hold for a filter in a variable too. */
export const FILTER_LIMITS = {
  /** Nested `and`, `or`, `not` and relations. */
  depth: 16,
  conditions: 200,
  /** Conditions, each times the related rows it may look at per record: 14 for one on a participant's exams. */
  cost: 5_000,
} as const;

/**
 * Compiles a filter to a condition on the scope's rows. Values become parameters; names are looked up, never copied.
 *
 * A comparison with a missing value is never true, and `not` is the true complement: `not: { kl: { eq: 2 } }` keeps knees
 * without a grade.
 *
 * @param options.unknowns whether the condition is to be null where it is not known, for what it compares of the row itself is missing; `not` keeps that
 * @throws UserError BAD_USER_INPUT for an unknown field or operator or a value of the wrong kind, LIMIT_EXCEEDED for a filter
 *   that is too large.
 */
export function compileFilter(
  where: Where | null | undefined,
  scope: Scope,
  parameters: Parameters,
  { unknowns = false }: { unknowns?: boolean } = {},
): string {
  return new Compiler(parameters, unknowns).group(where, { scope, related: false, path: 'where', depth: 0, rows: 1 });
}

/**
 * How many conditions a filter has, those of derived variables that it names included.
 *
 * @throws UserError as {@link compileFilter}
 */
export function countConditions(where: Where, table: Table): number {
  const compiler = new Compiler(new Parameters(), false);
  compiler.group(where, { scope: new Scope(table, 't'), related: false, path: 'where', depth: 0, rows: 1 });
  return compiler.conditions;
}

/** Where in a filter the compiler is. */
interface Place {
  scope: Scope;
  /** Whether the scope's rows are looked up by another's. */
  related: boolean;
  /** As a refusal names it. */
  path: string;
  depth: number;
  /** Rows of this scope that one record of the outermost may have. */
  rows: number;
}

class Compiler {
  conditions = 0;
  private cost = 0;
  private aliases = 0;

  constructor(
    private readonly parameters: Parameters,
    private readonly unknowns: boolean,
  ) {}

  group(where: unknown, place: Place): string {
    if (where === null || where === undefined) return 'TRUE';
    if (place.depth > FILTER_LIMITS.depth) {
      throw new UserError('LIMIT_EXCEEDED', `${place.path} nests filters deeper than ${FILTER_LIMITS.depth} levels.`);
    }
    const parts = entries(where, place.path).map(([name, value]) =>
      this.entry(name, value, { ...place, path: `${place.path}.${name}` }),
    );
    return joined(parts, 'AND');
  }

  private entry(name: string, value: unknown, place: Place): string {
    const { scope, path } = place;
    if (value === null) throw new UserError('BAD_USER_INPUT', `${path} is null; leave it out, or use isNull.`);
    const deeper = { ...place, depth: place.depth + 1 };
    if (name === 'and' || name === 'or') {
      const parts = list(value, path).map((part, index) => this.group(part, { ...deeper, path: `${path}[${index}]` }));
      return joined(parts, name === 'and' ? 'AND' : 'OR');
    }
    if (name === 'not') {
      const group = this.group(value, deeper);
      // Whether a related row fits is never unknown, so neither is what it is asked for.
      return this.unknowns && !place.related ? `NOT (${group})` : `(${group}) IS NOT TRUE`;
    }
    return this.field(lookUp(scope.table.fields, name, path), value, place);
  }

  private field(field: Field, value: unknown, place: Place): string {
    const { scope, path } = place;
    switch (field.kind) {
      case 'column': {
        const operators = entries(value, path).map(([operator, operand]) => {
          this.count(place);
          return comparison(scope.sql(field), field.type, operator, operand, `${path}.${operator}`, this.parameters);
        });
        return joined(operators, 'AND');
      }
      case 'flag': {
        this.count(place);
        const wanted = parameterValue({ kind: 'boolean' }, value, path) as boolean;
        return wanted ? field.sql(scope.alias) : `NOT ${field.sql(scope.alias)}`;
      }
      case 'group': {
        const members = entries(value, path).map(([name, operators]) => {
          const inner = `${path}.${name}`;
          return this.field(lookUp(field.fields, name, inner), operators, { ...place, path: inner });
        });
        return joined(members, 'AND');
      }
      case 'one':
        return this.group(value, { ...place, scope: scope.join(field.join), depth: place.depth + 1 });
      case 'maybe':
        return this.maybe(field, value, place);
      case 'many': {
        const parts = entries(value, path).map(([quantifier, part]) =>
          this.many(field, quantifier, part, { ...place, path: `${path}.${quantifier}` }),
        );
        return joined(parts, 'AND');
      }
      case 'variables': {
        const parts = list(value, path).map((condition, index) => {
          this.count(place, conditionsOf(condition, [RESOLVED]));
          const at = { from: field.of, alias: scope.alias, fresh: this.alias(), path: `${path}[${index}]` };
          return variableCondition(condition, { ...at, unknowns: this.unknowns }, this.parameters);
        });
        return joined(parts, 'AND');
      }
      case 'comparisons': {
        const parts = list(value, path).map((condition, index) => {
          this.count({ ...place, rows: 2 * place.rows }, conditionsOf(condition, ['left', 'right']));
          const at = { alias: scope.alias, fresh: this.alias(), path: `${path}[${index}]` };
          return variableComparison(condition, { ...at, unknowns: this.unknowns }, this.parameters);
        });
        return joined(parts, 'AND');
      }
      case 'change':
        // Two exams of the same knee are looked up.
        this.count({ ...place, rows: 2 * place.rows });
        return changeCondition(
          field,
          value,
          { exam: scope.alias, nested: place.related, fresh: this.alias(), path, unknowns: this.unknowns },
          this.parameters,
        );
    }
  }

  private maybe({ table, on, choice }: MaybeField, value: unknown, place: Place): string {
    this.count(place);
    const child = new Scope(table(), this.alias());
    const conditions = [on(place.scope.alias, child.alias)];
    let rest = value;
    if (choice) {
      const { [choice.by]: asked = choice.default, ...others } = Object.fromEntries(entries(value, place.path));
      const path = `${place.path}.${choice.by}`;
      const chosen = parameterValue({ kind: 'choice', of: Object.keys(choice.choices) }, asked, path) as string;
      conditions.push(choice.choices[chosen]!(place.scope.alias, child.alias));
      rest = others;
    }
    const condition = this.group(rest, { ...place, scope: child, related: true, depth: place.depth + 1 });
    return `EXISTS (SELECT 1 FROM ${child.from()} WHERE ${joined([...conditions, condition], 'AND')})`;
  }

  private many(field: ManyField, quantifier: string, part: unknown, place: Place): string {
    if (part === null) throw new UserError('BAD_USER_INPUT', `${place.path} is null; leave it out, or use exists.`);
    if (quantifier === 'exists') {
      const wanted = parameterValue({ kind: 'boolean' }, part, place.path) as boolean;
      return this.many(field, wanted ? 'some' : 'none', {}, place);
    }
    if (quantifier === 'count') return this.countOf(field, part, place);
    if (quantifier !== 'some' && quantifier !== 'none' && quantifier !== 'every') {
      throw new UserError('BAD_USER_INPUT', `${place.path} is not accepted; some, none, every, exists and count are.`);
    }
    const queries = this.related(field, part, place, quantifier === 'every');
    const exists = `(${joined(
      queries.map((query) => `EXISTS (SELECT 1 ${query})`),
      'OR',
    )})`;
    return quantifier === 'some' ? exists : `NOT ${exists}`;
  }

  /** How many of the related rows fit. */
  private countOf(field: ManyField, value: unknown, place: Place): string {
    const { where, ...operators } = Object.fromEntries(entries(value, place.path));
    if (Object.keys(operators).length === 0) {
      throw new UserError('BAD_USER_INPUT', `${place.path} needs a condition on the number, such as gte: 2.`);
    }
    const queries = this.related(field, where ?? {}, { ...place, path: `${place.path}.where` }, false);
    const rows = queries.map((query) => `(SELECT count(*) ${query})`).join(' + ');
    const parts = Object.entries(operators).map(([operator, operand]) =>
      comparison(`(${rows})`, { kind: 'integer' }, operator, operand, `${place.path}.${operator}`, this.parameters),
    );
    return joined(parts, 'AND');
  }

  /** What follows the columns in queries of the related rows that fit, or of those that do not: one for each way to be related. */
  private related(
    { table, on, rows, unless = [] }: ManyField,
    part: unknown,
    place: Place,
    failing: boolean,
  ): string[] {
    const inner = { ...place, rows: rows * place.rows, depth: place.depth + 1 };
    this.count(inner);
    return on.map((related) => {
      const child = new Scope(table(), this.alias());
      const conditions = [related(place.scope.alias, child.alias)];
      conditions.push(...leftOut(unless, part, child.alias));
      const condition = this.group(part, { ...inner, scope: child, related: true });
      conditions.push(failing ? `(${condition}) IS NOT TRUE` : condition);
      return `FROM ${child.from()} WHERE ${joined(conditions, 'AND')}`;
    });
  }

  private alias(): string {
    return `s${this.aliases++}`;
  }

  private count({ path, rows }: Place, conditions = 1): void {
    this.conditions += conditions;
    this.cost += rows * conditions;
    if (this.conditions > FILTER_LIMITS.conditions) {
      throw new UserError('LIMIT_EXCEEDED', `${path}: a filter takes at most ${FILTER_LIMITS.conditions} conditions.`);
    }
    if (this.cost > FILTER_LIMITS.cost) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `${path}: the filter costs ${this.cost} up to here and the limit is ${FILTER_LIMITS.cost}; ` +
          'nest fewer relations to many rows in one another, or put fewer conditions on them.',
      );
    }
  }
}

/** What a condition on named variables counts: itself, and the conditions of those that are derived. */
function conditionsOf(condition: unknown, members: readonly string[]): number {
  const refs = members.map(
    (member) => (condition as Record<string, Partial<VariableRef> | undefined>)?.[member]?.source,
  );
  const derived = refs.map((source) => (source && 'derived' in source ? source.conditions : 0));
  return derived.reduce((sum, conditions) => sum + conditions, 1);
}

/** Conditions of rows that a filter leaves out because it does not speak of them. */
export function leftOut(unless: readonly Unless[], where: unknown, row: string): string[] {
  return unless.flatMap(({ field, on }) => (speaksOf(where, field) ? [] : [on(row)]));
}

/** Whether a filter has a condition on a field of its own table, below any `and`, `or`, `not`. */
export function speaksOf(where: unknown, field: string): boolean {
  if (Array.isArray(where)) return where.some((part) => speaksOf(part, field));
  if (typeof where !== 'object' || where === null) return false;
  return Object.entries(where).some(
    ([name, value]) =>
      value !== undefined && (name === field || (['and', 'or', 'not'].includes(name) && speaksOf(value, field))),
  );
}

function joined(parts: string[], word: 'AND' | 'OR'): string {
  if (parts.length === 0) return word === 'AND' ? 'TRUE' : 'FALSE';
  return parts.length === 1 ? parts[0]! : parts.map((part) => `(${part})`).join(` ${word} `);
}
