import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { FeatureCode } from '../../domain/features.js';
import { type KneeKeys, kneeKey, type KneeProgression } from '../../domain/knees.js';
import { UNGRADED_REASONS } from '../../domain/survival.js';
import type { VisitCode } from '../../domain/visits.js';
import { queryRows } from '../../entities/index.js';
import { laterKnee } from './later-knee.js';

const ROW = z.object({
  participantId: z.number(),
  side: z.enum(['RIGHT', 'LEFT']),
  from: z.number().nullable(),
  to: z.number().nullable(),
  ungraded: z.enum(UNGRADED_REASONS).nullable(),
});

/**
 * What became of one grade of some knees between two visits, in their order, in one statement.
 *
 * @throws UserError BAD_USER_INPUT unless `from` comes before `to`
 */
export async function progressionsOf(
  dataSource: DataSource,
  { feature, from, to }: { feature: FeatureCode; from: VisitCode; to: VisitCode },
  knees: readonly KneeKeys[],
): Promise<KneeProgression[]> {
  if (from >= to) throw new UserError('BAD_USER_INPUT', `from must be a visit before to, got ${from} and ${to}.`);
  const grade = feature.toLowerCase();
  const { joins, exam, ungraded } = laterKnee('knee', '$4::text', 'l', feature);
  const rows = await queryRows(
    dataSource,
    ROW,
    `SELECT knee.participant_id AS "participantId", knee.side, t.${grade} AS "from", ${exam}.${grade} AS "to",
            CASE WHEN ${exam}.${grade} IS NULL THEN ${ungraded} END AS ungraded
       FROM unnest($1::integer[], $2::text[]) knee(participant_id, side)
       LEFT JOIN knee_exam t ON t.participant_id = knee.participant_id AND t.side = knee.side AND t.visit_code = $3::text${joins}`,
    [knees.map(({ participantId }) => participantId), knees.map(({ side }) => side), from, to],
  );
  const found = new Map(rows.map(({ participantId, side, ...told }) => [kneeKey({ participantId, side }), told]));
  return knees.map((knee) => found.get(kneeKey(knee))!);
}
