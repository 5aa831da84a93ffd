import { drawAnatomy } from './anatomy.js';
import type { KneeAnatomy } from './anatomy.js';
import { makeBones } from './bones.js';
import type { Bones } from './bones.js';
import { diseaseOf } from './disease.js';
import type { Disease } from './disease.js';
import type { KneeGrades } from './grades.js';
import { Random } from './random.js';
import { makeLeg, makeMuscles, makeVessels } from './soft-tissue.js';
import type { Leg, Muscle, Tube } from './soft-tissue.js';
import type { Sex, Side } from '../../domain/participants.js';

/** One knee at one visit, canonical (drawn as a right knee): everything the MRI and the film are made from. */
export interface KneePhantom {
  readonly anatomy: KneeAnatomy;
  readonly disease: Disease;
  readonly bones: Bones;
  readonly leg: Leg;
  readonly muscles: readonly Muscle[];
  readonly vessels: readonly Tube[];
  /** A replaced knee: metal on the film, no MRI. */
  readonly replaced: boolean;
}

export interface KneeIdentity {
  readonly seed: number;
  readonly participant: number;
  readonly side: Side;
  readonly sex: Sex;
  readonly bmi: number;
}

/** Builds the phantom of a knee. The same identity gives the same anatomy at every visit; only the grades change it. */
export function makePhantom(identity: KneeIdentity, grades: KneeGrades, replaced = false): KneePhantom {
  const { seed, participant, side, sex, bmi } = identity;
  const shared = new Random(seed, participant, 'anatomy');
  const own = (purpose: string) => new Random(seed, participant, side, purpose);
  const anatomy = drawAnatomy(shared, own('anatomy'), sex, bmi);
  const disease = diseaseOf(anatomy, grades, own('disease'));
  return {
    anatomy,
    disease,
    bones: makeBones(anatomy, disease),
    leg: makeLeg(anatomy),
    muscles: makeMuscles(anatomy, own('muscles')),
    vessels: makeVessels(anatomy, own('vessels')),
    replaced,
  };
}
