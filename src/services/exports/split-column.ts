import type { DataSource } from 'typeorm';
import { fractionInWords, type SplitPlan, splitInWords } from '../../domain/splits.js';
import { dealParticipants } from '../cohorts/index.js';
import type { Parameters, Where } from '../filters/index.js';
import type { ExportColumn } from './columns.js';

/** The column that says which part of a split a row's participant is in. */
export function splitColumn(plan: SplitPlan): ExportColumn {
  const { parts } = plan;
  return {
    ...{ name: 'split', group: 'split', kind: 'text', owner: 'participant', nullable: false, sql: 'dealt.name' },
    description: `Part of the participants, ${splitInWords(plan)}; both knees and all visits of a participant are in one part`,
    ...(parts
      ? { codes: Object.fromEntries(parts.map(({ name, fraction }) => [name, fractionInWords(fraction)])) }
      : {}),
  };
}

/**
 * Joins the row `dealt` to the row `exam`: the part of its participant.
 *
 * @param where the filter that the export's exams fit; with `asOf` those of other visits count too, as in a cohort of it that is split
 * @throws UserError as dealParticipants
 */
export async function splitJoin(
  dataSource: DataSource,
  plan: SplitPlan,
  where: Where | null | undefined,
  parameters: Parameters,
): Promise<string> {
  const { parts, participants, places } = await dealParticipants(dataSource, where, plan, 'The export');
  const people = parameters.add(participants, 'integer[]');
  const names = parameters.add(
    places.map((place) => parts[place]!.name),
    'text[]',
  );
  return `JOIN unnest(${people}, ${names}) dealt(participant_id, name) ON dealt.participant_id = exam.participant_id`;
}
