import { UserError } from '../../domain/errors.js';
import type { ColumnField, Field, Table } from './table.js';
import { parameterValue, sqlType } from './values.js';

/** A filter as a caller gives it: checked against the table's fields while it is compiled. */
export type Where = object;

/** Bounds on one filter, so that a filter in a variable cannot cost more than a query may. */
const MAX_DEPTH = 8;
const MAX_CONDITIONS = 200;
const MAX_LIST = 10_000;

const COMPARISONS: Record<string, string> = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/** The parameters of a statement under construction. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and gives the text that stands for it. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** One row source of a statement under construction: a table's alias and the tables joined to it on demand. */
export class Scope {
  private readonly joined = new Map<string, Scope>();

  constructor(
    readonly table: Table,
    readonly alias: string,
  ) {}

  /** The scope of a joined table; joining twice is joining once. */
  join(name: string): Scope {
    let scope = this.joined.get(name);
    if (!scope) {
      scope = new Scope(this.table.joins[name]!.table(), `${this.alias}_${name}`);
      this.joined.set(name, scope);
    }
    return scope;
  }

  /** SQL of a column, its table joined when needed. */
  sql(field: ColumnField): string {
    return `${field.join ? this.join(field.join).alias : this.alias}.${field.column}`;
  }

  /** What follows FROM. */
  from(): string {
    return `${this.table.name} ${this.alias}${this.joins()}`;
  }

  private joins(): string {
    return [...this.joined]
      .map(([name, scope]) => {
        const on = this.table.joins[name]!.on(this.alias, scope.alias);
        return ` JOIN ${scope.table.name} ${scope.alias} ON ${on}${scope.joins()}`;
      })
      .join('');
  }
}

/**
 * Compiles a filter to a condition on the scope's rows. Values become parameters; names are looked up, never copied.
 *
 * A comparison with a missing value is never true, and `not` is the true complement: `not: { kl: { eq: 2 } }` keeps knees
 * without a grade.
 *
 * @throws UserError BAD_USER_INPUT for an unknown field or operator or a value of the wrong kind, LIMIT_EXCEEDED for a filter
 *   that is too large.
 */
export function compileFilter(where: Where | null | undefined, scope: Scope, parameters: Parameters): string {
  return new Compiler(parameters).group(where, scope, 'where', 0);
}

class Compiler {
  private conditions = 0;
  private subqueries = 0;

  constructor(private readonly parameters: Parameters) {}

  group(where: unknown, scope: Scope, path: string, depth: number): string {
    if (where === null || where === undefined) return 'TRUE';
    if (depth > MAX_DEPTH)
      throw new UserError('LIMIT_EXCEEDED', `${path} nests filters deeper than ${MAX_DEPTH} levels.`);
    const parts = entries(where, path).map(([name, value]) => this.entry(name, value, scope, `${path}.${name}`, depth));
    return conjunction(parts, 'AND');
  }

  private entry(name: string, value: unknown, scope: Scope, path: string, depth: number): string {
    if (value === null) throw new UserError('BAD_USER_INPUT', `${path} is null; leave it out, or use isNull.`);
    if (name === 'and' || name === 'or') {
      const parts = list(value, path).map((part, index) => this.group(part, scope, `${path}[${index}]`, depth + 1));
      return conjunction(parts, name === 'and' ? 'AND' : 'OR');
    }
    if (name === 'not') return `(${this.group(value, scope, path, depth + 1)}) IS NOT TRUE`;
    const field = Object.hasOwn(scope.table.fields, name) ? scope.table.fields[name] : undefined;
    if (!field) throw new UserError('BAD_USER_INPUT', `${path} is not a field that can be filtered by.`);
    return this.field(field, value, scope, path, depth);
  }

  private field(field: Field, value: unknown, scope: Scope, path: string, depth: number): string {
    switch (field.kind) {
      case 'column':
        return conjunction(
          entries(value, path).map(([operator, operand]) => this.comparison(field, operator, operand, scope, path)),
          'AND',
        );
      case 'flag': {
        this.count(path);
        const wanted = parameterValue({ kind: 'boolean' }, value, path) as boolean;
        return wanted ? field.sql(scope.alias) : `NOT ${field.sql(scope.alias)}`;
      }
      case 'group':
        return conjunction(
          entries(value, path).map(([name, operators]) => {
            const member = Object.hasOwn(field.fields, name) ? field.fields[name] : undefined;
            if (!member)
              throw new UserError('BAD_USER_INPUT', `${path}.${name} is not a field that can be filtered by.`);
            return this.field(member, operators, scope, `${path}.${name}`, depth);
          }),
          'AND',
        );
      case 'one':
        return this.group(value, scope.join(field.join), path, depth + 1);
      case 'many':
        return conjunction(
          entries(value, path).map(([quantifier, part]) => {
            if (quantifier !== 'some' && quantifier !== 'none' && quantifier !== 'every') {
              throw new UserError('BAD_USER_INPUT', `${path}.${quantifier} must be some, none or every.`);
            }
            this.count(path);
            const child = new Scope(field.table(), `s${this.subqueries++}`);
            const condition = this.group(part, child, `${path}.${quantifier}`, depth + 1);
            const wanted = quantifier === 'every' ? `(${condition}) IS NOT TRUE` : condition;
            const rows = `SELECT 1 FROM ${child.from()} WHERE ${field.on(scope.alias, child.alias)} AND (${wanted})`;
            return `${quantifier === 'some' ? '' : 'NOT '}EXISTS (${rows})`;
          }),
          'AND',
        );
    }
  }

  private comparison(field: ColumnField, operator: string, operand: unknown, scope: Scope, path: string): string {
    const where = `${path}.${operator}`;
    this.count(where);
    if (operand === null) throw new UserError('BAD_USER_INPUT', `${where} is null; use isNull.`);
    const sql = scope.sql(field);
    const type = sqlType(field.type);
    const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
    if (comparison)
      return `${sql} ${comparison} ${this.parameters.add(parameterValue(field.type, operand, where), type)}`;
    switch (operator) {
      case 'in':
      case 'nin': {
        const values = list(operand, where).map((value) => parameterValue(field.type, value, where));
        if (values.length > MAX_LIST)
          throw new UserError('LIMIT_EXCEEDED', `${where} takes at most ${MAX_LIST} values.`);
        const array = this.parameters.add(values, `${type}[]`);
        // An empty list holds nothing: "nin: []" is true of every value, but still not of a missing one.
        return operator === 'in' ? `${sql} = ANY(${array})` : `(${sql} IS NOT NULL AND ${sql} <> ALL(${array}))`;
      }
      case 'isNull':
        return `${sql} IS ${parameterValue({ kind: 'boolean' }, operand, where) ? '' : 'NOT '}NULL`;
      case 'contains': {
        const text = parameterValue({ kind: 'text' }, operand, where) as string;
        return `${sql} ILIKE ${this.parameters.add(`%${text.replace(/[\\%_]/g, '\\$&')}%`, 'text')}`;
      }
      default:
        throw new UserError('BAD_USER_INPUT', `${where} is not an operator.`);
    }
  }

  private count(path: string): void {
    this.conditions += 1;
    if (this.conditions > MAX_CONDITIONS) {
      throw new UserError('LIMIT_EXCEEDED', `${path}: a filter takes at most ${MAX_CONDITIONS} conditions.`);
    }
  }
}

function conjunction(parts: string[], word: 'AND' | 'OR'): string {
  if (parts.length === 0) return word === 'AND' ? 'TRUE' : 'FALSE';
  return parts.length === 1 ? parts[0]! : parts.map((part) => `(${part})`).join(` ${word} `);
}

function entries(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError('BAD_USER_INPUT', `${path} must be an object.`);
  }
  return Object.entries(value).filter(([, entry]) => entry !== undefined);
}

function list(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new UserError('BAD_USER_INPUT', `${path} must be a list.`);
  return value;
}
