import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import type { Person, PersonVisit } from './people.js';
import { Random } from './random.js';

/** Questionnaire scores of one knee: WOMAC pain 0-20, function 0-68, stiffness 0-8, total 0-96; KOOS pain 0-100 (100 = best). */
export interface KneeScores {
  readonly pain: number;
  readonly function: number;
  readonly stiffness: number;
  readonly total: number;
  readonly koosPain: number;
}

/** Scores of both knees at a visit; null when the form is missing. They rise with KL and with how much pain a person reports. */
export function scoresAt(seed: number, person: Person, at: PersonVisit): Readonly<Record<Side, KneeScores | null>> {
  const trait = new Random(seed, person.index, 'pain').gaussian();
  const random = new Random(seed, person.index, at.visit, 'scores');
  const draw = (side: Side): KneeScores | null => {
    const kl = at.grades[side]?.XRKL ?? 1;
    const level = (1.5 + 0.7 * kl) * Math.exp(0.7 * trait + 0.45 * random.gaussian() - 0.2) - 0.4;
    const missing = random.chance(0.012);
    const pain = clamp(Math.round(level), 20);
    const activity = clamp(Math.round(pain * 3 + random.normal(0.5, 2)), 68);
    const stiffness = clamp(Math.round(pain * 0.33 + random.normal(0.8, 0.9)), 8);
    const koosPain = Math.max(
      0,
      Math.min(100, Math.round((100 - pain * 4.6 - Math.abs(random.normal(0, 4))) * 10) / 10),
    );
    return missing ? null : { pain, function: activity, stiffness, total: pain + activity + stiffness, koosPain };
  };
  return { RIGHT: draw('RIGHT'), LEFT: draw('LEFT') };
}

/** Visits held by telephone, at which no questionnaire was filled in. */
export function isPhoneVisit(visit: VisitCode): boolean {
  return visit === 'V07' || visit === 'V09' || visit === 'V11' || visit === 'V12';
}

function clamp(value: number, max: number): number {
  return Math.max(0, Math.min(max, value));
}
