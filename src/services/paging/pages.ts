import type { DataSource, ObjectLiteral } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { columnList, type Columns, readRows, type Row, rowReader, queryRow, queryRows } from '../../entities/index.js';
import { compileFilter, Parameters, Scope, type Table, type Where } from '../filters/index.js';
import { cursorEncoder, decodeCursor } from './cursors.js';
import type { JsonSql } from './json.js';
import { asCursorValue, besideCursor, type Order, type Orderable, orderSql, orderTerms } from './order.js';
import { relationReader, relationSql } from './relations.js';
import type { Relations } from './relations.js';

/** Page sizes of every list. */
export const PAGE_SIZE = { default: 25, max: 200 } as const;

/** A list of the API: its table, what its rows are, and what it can be ordered by. */
export type Listing<T extends ObjectLiteral, R extends object = object> = Orderable & {
  table: Table;
  /** What a page can bring along with its rows. */
  relations?: Relations<R>;
} & ({ entity: new () => T } | { rows: OwnRows<T> });

/** How the rows are read of a table that has no entity. */
interface OwnRows<T> {
  columns: readonly string[];
  read: (row: Row) => T;
}

/** Which rows of a list make the page. */
export interface PageBounds {
  first?: number | null | undefined;
  after?: string | null | undefined;
  /** Instead of `first`: the page is taken from the end. */
  last?: number | null | undefined;
  before?: string | null | undefined;
}

export interface PageRequest extends PageBounds {
  where?: Where | null | undefined;
  orderBy?: readonly Order[] | null | undefined;
}

/** What of a page will be looked at: less than everything is read sooner. */
export interface Wanted<R extends object> {
  /** Columns of its rows. */
  columns: Columns;
  /** Relations to bring along, each with its columns. */
  related: { readonly [Name in keyof R]?: Columns | undefined };
}

export interface Page<T, R extends object = object> {
  items: { row: T; related: R; cursor: string }[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A page whose rows PostgreSQL wrote as JSON. */
export interface JsonPage {
  /** A list. */
  json: string;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

/** One page, with what is wanted of its relations, in one statement. Rows without a value come last in either direction. */
export async function readPage<T extends ObjectLiteral, R extends object>(
  dataSource: DataSource,
  listing: Listing<T, R>,
  request: PageRequest,
  wanted?: Wanted<R>,
): Promise<Page<T, R>> {
  const query = pageQuery(dataSource, listing, request, wanted);
  return query.page(await readRows(dataSource, query.text(), query.parameters.values));
}

/** The same page as text, ready for an answer: what takes most of a page's time is to make objects of rows, and text of those. */
export async function readJsonPage<T extends ObjectLiteral, R extends object>(
  dataSource: DataSource,
  listing: Listing<T, R>,
  request: PageRequest,
  item: JsonSql,
): Promise<JsonPage> {
  const query = listQuery(listing, request, [`${item('t')} AS item`]);
  const rows = await readRows(dataSource, query.text(), query.parameters.values);
  const { shown, ...neighbours } = query.shown(rows);
  return {
    json: `[${shown.map((row) => row['item'] as string).join(',')}]`,
    ...neighbours,
    startCursor: shown.length > 0 ? query.cursor(shown[0]!) : null,
    endCursor: shown.length > 0 ? query.cursor(shown.at(-1)!) : null,
  };
}

/**
 * The same page of several parents' lists in one statement, in the parents' order.
 *
 * @param parentColumn column of the listing's table that holds the parent's key, an integer or a uuid.
 */
export async function readPagesOf<K extends number | string, T extends ObjectLiteral, R extends object>(
  dataSource: DataSource,
  listing: Listing<T, R>,
  parentColumn: string,
  parents: readonly K[],
  request: PageRequest,
): Promise<Page<T, R>[]> {
  const query = pageQuery(dataSource, listing, request);
  const parentParameter = query.parameters.add(parents, keyTypeOf(parents));
  const rows = await readRows(
    dataSource,
    `SELECT page.*, parent.key AS parent FROM unnest(${parentParameter}) AS parent(key) ` +
      `CROSS JOIN LATERAL (${query.text(`t.${parentColumn} = parent.key`)}) page ORDER BY page.place_in_page`,
    query.parameters.values,
  );
  const byParent = Map.groupBy(rows, (row) => row['parent'] as K);
  return parents.map((parent) => query.page(byParent.get(parent) ?? []));
}

/** How many rows a filter selects. */
export async function countRows(
  dataSource: DataSource,
  table: Table,
  where: Where | null | undefined,
): Promise<number> {
  const parameters = new Parameters();
  const scope = new Scope(table, 't');
  const condition = compileFilter(where, scope, parameters);
  const { count } = await queryRow(
    dataSource,
    z.object({ count: z.number() }),
    `SELECT count(*)::integer AS count FROM ${scope.from()} WHERE ${condition}`,
    parameters.values,
  );
  return count;
}

/** How many rows a filter selects for each of several parents, in their order. */
export async function countRowsOf<K extends number | string>(
  dataSource: DataSource,
  table: Table,
  parentColumn: string,
  parents: readonly K[],
  where: Where | null | undefined,
): Promise<number[]> {
  const parameters = new Parameters();
  const scope = new Scope(table, 't');
  const condition = compileFilter(where, scope, parameters);
  const rows = await queryRows(
    dataSource,
    z.object({ parent: z.union([z.number(), z.string()]), count: z.number() }),
    `SELECT t.${parentColumn} AS parent, count(*)::integer AS count FROM ${scope.from()} ` +
      `WHERE t.${parentColumn} = ANY(${parameters.add(parents, keyTypeOf(parents))}) AND (${condition}) GROUP BY 1`,
    parameters.values,
  );
  const counts = new Map<number | string, number>(rows.map(({ parent, count }) => [parent, count]));
  return parents.map((parent) => counts.get(parent) ?? 0);
}

function pageQuery<T extends ObjectLiteral, R extends object>(
  dataSource: DataSource,
  listing: Listing<T, R>,
  request: PageRequest,
  { columns, related }: Wanted<R> = { columns: 'all', related: {} },
) {
  const relations = Object.entries(related).map(([name, own], index) => {
    const relation = listing.relations![name as keyof R];
    return {
      name,
      column: `related_${index}`,
      sql: relationSql(dataSource, relation, 't', own as Columns),
      read: relationReader(dataSource, relation, own as Columns),
    };
  });
  const query = listQuery(listing, request, [
    'rows' in listing
      ? listing.rows.columns.map((name) => `t."${name}"`).join(', ')
      : columnList(dataSource, listing.entity, 't', columns),
    // PostgreSQL works these out for the rows of the page only: they are costly, and the page has a limit.
    ...relations.map(({ sql, column }) => `${sql} AS ${column}`),
  ]);
  const read = 'rows' in listing ? listing.rows.read : rowReader(dataSource, listing.entity, columns);
  return {
    ...query,
    page(rows: Row[]): Page<T, R> {
      const { shown, ...neighbours } = query.shown(rows);
      const items = shown.map((row) => {
        const brought: Row = {};
        for (const { name, column, read } of relations) brought[name] = read(row[column]);
        return {
          row: read(row),
          related: brought as R,
          // Most operations ask for one or two of a page's cursors.
          get cursor() {
            return query.cursor(row);
          },
        };
      });
      return { items, ...neighbours };
    },
  };
}

/** The statement of a page, and the cursors of its rows; `selected` is what else is read of each row, called t. */
function listQuery<T extends ObjectLiteral, R extends object>(
  listing: Listing<T, R>,
  request: PageRequest,
  selected: readonly string[],
) {
  const { size, backwards } = pageSize(request);
  const parameters = new Parameters();
  const scope = new Scope(listing.table, 't');
  const order = orderTerms(listing, request.orderBy, scope);
  const conditions = [compileFilter(request.where, scope, parameters)];
  for (const side of ['after', 'before'] as const) {
    const cursor = request[side];
    if (typeof cursor !== 'string') continue;
    conditions.push(besideCursor(side, order, decodeCursor(order, cursor, side), parameters));
  }
  const orderBy = orderSql(order, backwards);
  const values = order.map(({ sql, type }, index) => `${asCursorValue(sql, type.kind)} AS order_${index}`);
  const encode = cursorEncoder(order);
  return {
    parameters,
    /** The rows of the page, in the order of the list, of those that the statement gives. */
    shown(rows: readonly Row[]): { shown: Row[]; hasNextPage: boolean; hasPreviousPage: boolean } {
      const shown = rows.slice(0, size);
      const more = rows.length > size;
      return {
        shown: backwards ? shown.reverse() : shown,
        // The row of a cursor lies beyond the page.
        hasNextPage: (!backwards && more) || typeof request.before === 'string',
        hasPreviousPage: (backwards && more) || typeof request.after === 'string',
      };
    },
    /** One row more than the page, which tells whether there is a next page. */
    text(condition?: string): string {
      const position = condition ? [`row_number() OVER (ORDER BY ${orderBy}) AS place_in_page`] : [];
      return (
        `SELECT ${[...selected, ...values, ...position].join(', ')} FROM ${scope.from()} ` +
        `WHERE ${[...(condition ? [condition] : []), ...conditions].map((part) => `(${part})`).join(' AND ')} ` +
        `ORDER BY ${orderBy} LIMIT ${size + 1}`
      );
    },
    cursor: (row: Row) => encode(order.map((_, index) => row[`order_${index}`])),
  };
}

/** SQL type of a list of keys. */
export function keyTypeOf([first]: readonly (number | string)[]): string {
  return typeof first === 'string' ? 'uuid[]' : 'integer[]';
}

/**
 * How many rows a page has, and whether they are the last ones.
 * @throws UserError BAD_USER_INPUT for less than one and more than the most, and for both `first` and `last`
 */
export function pageSize({ first, last }: PageBounds): { size: number; backwards: boolean } {
  const backwards = last !== null && last !== undefined;
  const size = backwards ? last : (first ?? PAGE_SIZE.default);
  if (backwards && first !== null && first !== undefined) {
    throw new UserError('BAD_USER_INPUT', 'first and last cannot go together; give one of them.');
  }
  if (size >= 1 && size <= PAGE_SIZE.max) return { size, backwards };
  throw new UserError(
    'BAD_USER_INPUT',
    `${backwards ? 'last' : 'first'} must be between 1 and ${PAGE_SIZE.max}, got ${size}.`,
  );
}
