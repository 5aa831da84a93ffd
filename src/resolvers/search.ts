import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { PASS } from '../schema/limits.js';
import { SearchHit } from '../schema/search.js';
import { pageSize } from '../services/paging/index.js';
import { searchEverything } from '../services/search/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class SearchResolver {
  @Query(() => [SearchHit], {
    description: 'Whatever a text may name: participants, images, cohorts, runs and variables, in this order.',
    // Barcodes and keys are looked for in whole tables.
    complexity: PASS,
  })
  async search(
    @Ctx() context: Context,
    @Arg('text', () => String, { description: 'An id or barcode or its beginning, or words of a name.' }) text: string,
    @Arg('first', () => Int, { defaultValue: 5, description: 'Hits of each kind, 1 to 200.' }) first: number,
  ): Promise<SearchHit[]> {
    requireRole(context, 'ANALYST', 'Searching records');
    const { size } = pageSize({ first });
    return searchEverything(context.platform.dataSource, context.viewer, text, size);
  }
}
