import type { ConnectionOf, PageInfo } from '../schema/connections.js';
import type { Page } from '../services/paging/pages.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

/** Counts below this tell too much about single people to be given to a token of role SUMMARY. */
const SMALLEST_SUMMARY_COUNT = 5;

/**
 * A connection that reads its page when edges, nodes or pageInfo are asked for, once, and counts when totalCount is. Counting
 * is open to every role; rows are for READER and above.
 */
export function connection<Row, Item>(
  context: Context,
  list: { page: () => Promise<Page<Row>>; count: () => Promise<number>; node: (row: Row) => Item },
): ConnectionOf<Item> {
  let reading: Promise<{ items: { node: Item; cursor: string }[]; info: PageInfo }> | undefined;
  const read = () => {
    requireRole(context, 'READER', 'Reading records');
    return (reading ??= list.page().then(({ items, hasNextPage, hasPreviousPage }) => ({
      items: items.map(({ row, cursor }) => ({ node: list.node(row), cursor })),
      info: {
        hasNextPage,
        hasPreviousPage,
        startCursor: items[0]?.cursor ?? null,
        endCursor: items.at(-1)?.cursor ?? null,
      },
    })));
  };
  return {
    edges: async () => (await read()).items,
    nodes: async () => (await read()).items.map(({ node }) => node),
    pageInfo: async () => (await read()).info,
    totalCount: async () => {
      const count = await list.count();
      return context.viewer.role === 'SUMMARY' && count < SMALLEST_SUMMARY_COUNT ? null : count;
    },
  };
}
