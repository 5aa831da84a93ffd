import type { DataSource } from 'typeorm';
import type { PairQuestion, PairRequest } from '../../domain/knee-pairs.js';
import type { Where } from '../filters/index.js';
import { resolveNumbers } from '../numbers/index.js';
import { checkPairs } from './make.js';

/**
 * What a question for pairs means.
 *
 * @param ready makes a caller's filter ready to be compiled
 * @throws UserError as {@link resolveNumbers} and {@link checkPairs}
 */
export async function resolvePairs(
  dataSource: DataSource,
  { of, cases, controls, exactly, nearest }: PairQuestion,
  ready: (where: Where) => Promise<Where>,
): Promise<PairRequest> {
  const numbers = await resolveNumbers(dataSource, nearest ?? [], 'nearest');
  const request: PairRequest = {
    ...{ of, cases: await ready(cases), controls: await ready(controls), exactly: exactly ?? null },
    nearest: numbers.map((number, index) => ({ number, caliper: nearest![index]!.caliper ?? null })),
  };
  checkPairs(request);
  return request;
}
