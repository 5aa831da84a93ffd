import { SIDES, type Side } from './participants.js';
import type { UngradedReason } from './survival.js';

/** A knee of a participant, by the participant's key: no table has a row of it. */
export interface KneeKeys {
  participantId: number;
  side: Side;
}

/** One grade of one knee at two visits. */
export interface KneeProgression {
  /** Grade of the preferred reading at the earlier visit; null where there is none. */
  from: number | null;
  /** The same at the later visit. */
  to: number | null;
  /** The first reason that holds why there is no grade at the later visit; null where there is one. */
  ungraded: UngradedReason | null;
}

/** The right knee of a participant before the left. */
const IN_ORDER: readonly Side[] = Object.values(SIDES);

/** The one number that stands for a knee, in ids and in the order of lists: those of a participant follow one another. */
export function kneeKey({ participantId, side }: KneeKeys): number {
  return participantId * IN_ORDER.length + IN_ORDER.indexOf(side);
}

/** The knee that {@link kneeKey} gives the number of; whether there is such a participant is another question. */
export function kneeOfKey(key: number): KneeKeys {
  return { participantId: Math.floor(key / IN_ORDER.length), side: IN_ORDER[key % IN_ORDER.length]! };
}

/** Both knees of a participant. */
export function kneesOf(participantId: number): KneeKeys[] {
  return IN_ORDER.map((side) => ({ participantId, side }));
}

/** SQL of the knees of all participants: `id` as {@link kneeKey} makes it, `participant_id` and `side`. */
export const KNEES_SQL =
  `(SELECT p.id * ${IN_ORDER.length} + s.place AS id, p.id AS participant_id, s.side FROM participant p` +
  ` CROSS JOIN (VALUES ${IN_ORDER.map((side, place) => `('${side}', ${place})`).join(', ')}) s(side, place))`;
