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

/** Scores of a person: KOOS 0-100 (100 = best), PASE 0 upwards (active), CES-D 0-60 (depressed). A string says why there is none. */
export interface PersonScores {
  readonly qualityOfLife: number | MissingCode;
  readonly sport: number | MissingCode;
  readonly pase: number | MissingCode;
  readonly cesd: number | MissingCode;
}

/** A key of MISSING_CODES. */
export type MissingCode = '.' | '.D' | '.X';

/** Scores of a person at a visit. They follow the knee that hurts more, PASE the age as well, CES-D the person above all. */
export function personScoresAt(
  seed: number,
  person: Person,
  at: PersonVisit,
  knees: Readonly<Record<Side, KneeScores | null>>,
): PersonScores {
  const mood = new Random(seed, person.index, 'mood').gaussian();
  const habit = new Random(seed, person.index, 'activity').gaussian();
  const random = new Random(seed, person.index, at.visit, 'person scores');
  const pain = Math.max(knees.RIGHT?.pain ?? 0, knees.LEFT?.pain ?? 0);
  // Four answers of 0-4 and five of 0-4, scaled to 100.
  const qualityOfLife = toStep(88 - 5.2 * pain + random.normal(0, 11), 6.25);
  const sport = toStep(84 - 6.5 * pain + random.normal(0, 14), 5);
  const expected = Math.max(60, 170 - 2.2 * (at.age - 61) - 3 * pain);
  const pase = clamp(Math.round(expected * Math.exp(0.35 * habit + 0.25 * random.normal(0, 1) - 0.09)), 500);
  const cesd = clamp(Math.round(Math.exp(1.2 + 0.8 * mood + 0.35 * random.normal(0, 1) + 0.04 * pain) - 0.8), 60);
  const orMissing = (value: number, code: MissingCode, share: number) => (random.chance(share) ? code : value);
  return {
    qualityOfLife: orMissing(qualityOfLife, '.', 0.01),
    // Many older people do nothing of what the form asks about: squatting, running, jumping, kneeling.
    sport: orMissing(sport, '.X', 0.04),
    pase: orMissing(pase, '.', 0.012),
    cesd: orMissing(cesd, '.', 0.015),
  };
}

/** What befell one knee before the study, as told at the screening. */
export interface KneeHistory {
  readonly injured: boolean | MissingCode;
  readonly operated: boolean | MissingCode;
}

/** The histories of a person's knees. Injured knees are worse and more often operated; a replaced one was operated. */
export function historyOf(seed: number, person: Person): Readonly<Record<Side, KneeHistory>> {
  const draw = (side: Side): KneeHistory => {
    const random = new Random(seed, person.index, side, 'history');
    const injured = random.chance(0.2 + 0.06 * Math.max(0, Math.min(4, person.courses[side].severity)));
    const operated = random.chance(injured ? 0.38 : 0.03) || person.replacedAt[side] <= 0;
    return {
      injured: random.chance(0.015) ? '.D' : injured,
      operated: random.chance(0.005) ? '.' : operated,
    };
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

/** The nearest multiple of `step` from 0 to 100. */
function toStep(value: number, step: number): number {
  return clamp(Math.round(value / step) * step, 100);
}
