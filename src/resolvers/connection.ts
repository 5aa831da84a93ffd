import type { GraphQLResolveInfo } from 'graphql';
import type { ObjectLiteral } from 'typeorm';
import type { ConnectionOf, EdgeOf, PageInfo } from '../schema/connections.js';
import {
  countRowsOf,
  type JsonPage,
  type Listing,
  type Page,
  type PageRequest,
  readPagesOf,
} from '../services/paging/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { readyFilter } from './filter.js';

/**
 * A connection that reads its page when edges, nodes or pageInfo are asked for, once, and counts when totalCount is. Rows are for
 * ANALYST and above. So is counting, unless the list says what a token of role SUMMARY is told instead: the exact number of
 * records that a filter selects, asked for twice with filters that differ by one person, would say what that person has.
 */
export function connection<Row, Item, Related extends object = object>(
  context: Context,
  list: {
    page: () => Promise<Page<Row, Related>>;
    /** Instead of `page`, where the context takes lists as text and no edges are asked for. */
    jsonPage?: (() => Promise<JsonPage>) | undefined;
    count: () => Promise<number>;
    /** The count that role SUMMARY gets. */
    summaryCount?: () => Promise<number | null>;
    node: (row: Row, related: Related) => Item;
  },
): ConnectionOf<Item> {
  let reading: Promise<ReadPage<Item>> | undefined;
  const read = () => {
    requireRole(context, 'ANALYST', 'Reading records');
    return (reading ??= list.jsonPage ? list.jsonPage().then(fromJson) : list.page().then(fromRows));
  };
  const fromJson = ({ json, ...info }: JsonPage): ReadPage<Item> => ({
    items: [],
    nodes: ({ path }) => context.rawLists!.add(path, json),
    info,
  });
  const fromRows = ({ items, hasNextPage, hasPreviousPage }: Page<Row, Related>): ReadPage<Item> => {
    // Cursors are made when they are asked for.
    const edges = items.map((item) => ({
      node: list.node(item.row, item.related),
      get cursor() {
        return item.cursor;
      },
    }));
    return {
      items: edges,
      nodes: () => edges.map(({ node }) => node),
      info: {
        hasNextPage,
        hasPreviousPage,
        get startCursor() {
          return items[0]?.cursor ?? null;
        },
        get endCursor() {
          return items.at(-1)?.cursor ?? null;
        },
      },
    };
  };
  return {
    edges: async () => (await read()).items,
    nodes: async (_args, _context, info) => (await read()).nodes(info),
    pageInfo: async () => (await read()).info,
    totalCount: async () => {
      if (context.viewer.role === 'SUMMARY' && list.summaryCount) return list.summaryCount();
      requireRole(context, 'ANALYST', 'Counting these records');
      return list.count();
    },
  };
}

/**
 * The list that a parent has, e.g. an exam's generations. All parents of one operation that are asked for it with the same arguments
 * are read in one statement.
 *
 * @param list.column of the listing's table, holding the parent's key
 */
export function nestedConnection<Row extends ObjectLiteral, Item>(
  context: Context,
  parent: number | string,
  list: { listing: Listing<Row>; column: string; request: PageRequest; node: (row: Row) => Item },
): ConnectionOf<Item> {
  const { listing, column, request } = list;
  const { dataSource } = context.platform;
  const where = () => readyFilter(context, request.where);
  const pages = context.nestedPages.for([listing.table.name, column, request], async (parents) =>
    readPagesOf(dataSource, listing, column, parents, { ...request, where: await where() }),
  );
  const counts = context.nestedCounts.for([listing.table.name, column, request.where], async (parents) =>
    countRowsOf(dataSource, listing.table, column, parents, await where()),
  );
  return connection(context, {
    page: () => pages.load(parent) as Promise<Page<Row>>,
    count: () => counts.load(parent),
    node: list.node,
  });
}

interface ReadPage<Item> {
  items: EdgeOf<Item>[];
  nodes: (info: GraphQLResolveInfo) => Item[];
  info: PageInfo;
}
