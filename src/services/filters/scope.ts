import { escapeLiteral } from 'pg';
import type { ColumnField, Table } from './table.js';

/** The parameters of a statement under construction. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and gives the text that stands for it. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** Values that are written into the statement itself: of a part of it that is made before its parameters are known. */
export class Literals extends Parameters {
  override add(value: unknown, type: string): string {
    const text = Array.isArray(value)
      ? `ARRAY[${value.map((one) => escapeLiteral(String(one))).join(', ')}]`
      : escapeLiteral(String(value));
    return `${text}::${type}`;
  }
}

/** One row source of a statement under construction: a table's alias and the tables joined to it on demand. */
export class Scope {
  private readonly joined = new Map<string, Scope>();
  private readonly attached: string[] = [];

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
    const alias = field.join ? this.join(field.join).alias : this.alias;
    return field.sql ? field.sql(alias) : `${alias}.${field.column}`;
  }

  /** Joins what finds one row or none for each of the scope's rows: ` LEFT JOIN ...`. */
  attach(joins: string): void {
    this.attached.push(joins);
  }

  /** What follows FROM. */
  from(): string {
    return `${this.table.name} ${this.alias}${this.joins()}${this.attached.join('')}`;
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
