import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { derivedLabels, type DerivedSource, type VariableRef } from '../../domain/variables/index.js';
import { levelsOf, type VariableLevel } from '../variables/index.js';
import { MAX_VALUES } from './facets.js';

/**
 * Variables to group by, each with what its numbers stand for; null for those that have a column of their own.
 *
 * @throws UserError LIMIT_EXCEEDED for a variable of too many different values
 */
export async function readyVariables(
  dataSource: DataSource,
  refs: readonly VariableRef[],
): Promise<(readonly [VariableRef, Map<number, VariableLevel> | null])[]> {
  return Promise.all(
    refs.map(async (ref) => {
      if ('code' in ref.source) return [ref, null] as const;
      if ('derived' in ref.source) return [ref, derivedLevels(ref.source)] as const;
      const levels = await levelsOf(dataSource, ref.source.id, MAX_VALUES + 1);
      if (levels.size > MAX_VALUES) {
        throw new UserError(
          'LIMIT_EXCEEDED',
          `${ref.name} has more than ${MAX_VALUES} different values, too many to group by; kneeExamStatistics has histograms of numbers.`,
        );
      }
      return [ref, levels] as const;
    }),
  );
}

function derivedLevels(source: DerivedSource): Map<number, VariableLevel> {
  return new Map(
    derivedLabels(source).map(({ code, label }) => [code, { text: String(code), number: code, label, missing: null }]),
  );
}
