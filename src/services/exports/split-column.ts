import type { DataSource } from 'typeorm';
import type { TableShape } from '../../domain/exports.js';
import type { SplitPlan } from '../../domain/splits.js';
import { dealParticipants } from '../cohorts/index.js';
import type { Parameters, Where } from '../filters/index.js';
import type { ExportColumn } from './columns.js';

/** The column that says which part of a split a row's participant is in. */
export function splitColumn({ method, seed, parts }: SplitPlan): ExportColumn {
  const by = {
    KL: 'alike in KL grades',
    SITE: 'alike in sites',
    RANDOM: 'at random',
    LEAVE_ONE_SITE_OUT: 'a site each',
  };
  return {
    ...{ name: 'split', group: 'split', kind: 'text', owner: 'participant', nullable: false, sql: 'dealt.name' },
    description: `Part of the participants, ${by[method]}, by seed ${seed}; both knees and all visits of a participant are in one part`,
    ...(parts
      ? {
          codes: Object.fromEntries(
            parts.map(({ name, fraction }) => [name, `${Number(fraction.toFixed(4))} of the participants`]),
          ),
        }
      : {}),
  };
}

/** The exams that pairs and parts are made among: with `asOf` those of its origin. */
export function amongOf({ asOf }: TableShape, where: Where | null | undefined): Where | null | undefined {
  return asOf ? { and: [where ?? {}, { visit: { eq: asOf.origin } }] } : where;
}

/**
 * Joins the row `dealt` to the row `exam`: the part of its participant.
 *
 * @param among the filter that the export's exams fit
 * @throws UserError as dealParticipants
 */
export async function splitJoin(
  dataSource: DataSource,
  plan: SplitPlan,
  among: Where | null | undefined,
  parameters: Parameters,
): Promise<string> {
  const { parts, participants, places } = await dealParticipants(dataSource, among, plan, 'The export');
  const people = parameters.add(participants, 'integer[]');
  const names = parameters.add(
    places.map((place) => parts[place]!.name),
    'text[]',
  );
  return `JOIN unnest(${people}, ${names}) dealt(participant_id, name) ON dealt.participant_id = exam.participant_id`;
}
