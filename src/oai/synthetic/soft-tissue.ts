import type { KneeAnatomy } from './anatomy.js';
import type { Random } from './random.js';
import { Profile } from './sdf.js';
import type { Point } from './sdf.js';

/** Outline of the leg by height: reach of skin and fascia from the leg's axis to each side, mm. */
export interface Leg {
  readonly fascia: {
    readonly medial: Profile;
    readonly lateral: Profile;
    readonly front: Profile;
    readonly back: Profile;
  };
  readonly fat: { readonly medial: number; readonly lateral: number; readonly front: number; readonly back: number };
}

/** A muscle belly as an ellipse in the transverse plane whose centre and radii change along the leg. */
export interface Muscle {
  readonly x: Profile;
  readonly z: Profile;
  readonly halfWidth: Profile;
  readonly halfDepth: Profile;
  readonly top: number;
  readonly bottom: number;
  readonly phase: number;
}

export interface Tube {
  readonly from: Point;
  readonly to: Point;
  readonly radius: number;
}

export function makeLeg(anatomy: KneeAnatomy): Leg {
  const s = anatomy.scale;
  const m = anatomy.muscle;
  const profile = (knots: readonly (readonly [number, number])[], factor: number) =>
    new Profile(
      knots.map(([y, value]) => [y * s, value * factor] as const),
      10,
    );
  return {
    fascia: {
      medial: profile(
        [
          [-180, 68],
          [-100, 61],
          [-60, 55],
          [-25, 49],
          [10, 47.5],
          [40, 48],
          [80, 52],
          [150, 54],
        ],
        s * (0.6 + 0.4 * m),
      ),
      lateral: profile(
        [
          [-180, 62],
          [-100, 54],
          [-60, 51],
          [-25, 49],
          [10, 49],
          [40, 50],
          [80, 53],
          [150, 56],
        ],
        s * (0.6 + 0.4 * m),
      ),
      front: profile(
        [
          [-180, 62],
          [-100, 56],
          [-60, 55],
          [-30, 57],
          [-5, 54],
          [20, 44],
          [40, 37],
          [80, 32],
          [150, 30],
        ],
        s * anatomy.legDepth,
      ),
      back: profile(
        [
          [-180, 66],
          [-100, 56],
          [-50, 52],
          [-15, 51],
          [20, 55],
          [60, 63],
          [100, 67],
          [150, 66],
        ],
        s * anatomy.legDepth * (0.7 + 0.3 * m),
      ),
    },
    fat: {
      medial: anatomy.fat * 0.8 + anatomy.medialFat,
      lateral: anatomy.fat * 0.85 + 1,
      front: anatomy.fat * 0.45 + 1.5,
      back: anatomy.fat * 0.8,
    },
  };
}

/** z of the leg's axis. */
export const LEG_AXIS = -5;

export function makeMuscles(anatomy: KneeAnatomy, own: Random): Muscle[] {
  const s = anatomy.scale;
  const m = anatomy.muscle;
  const muscle = (
    knots: readonly (readonly [y: number, x: number, z: number, halfWidth: number, halfDepth: number])[],
    bulk = m,
  ): Muscle => {
    const jitter = own.normal(0, 0.25);
    const column = (index: 1 | 2 | 3 | 4, factor: number, shift = 0) =>
      new Profile(
        knots.map((knot) => [knot[0] * s, (knot[index] + shift) * factor] as const),
        5,
      );
    return {
      x: column(1, s, jitter),
      z: column(2, s),
      halfWidth: column(3, s * bulk),
      halfDepth: column(4, s * bulk),
      top: knots[0]![0] * s - 4,
      bottom: knots[knots.length - 1]![0] * s + 4,
      phase: 37 * knots[0]![1] + 11 * knots[0]![2] + own.normal(0, 0.5),
    };
  };
  const low = own.between(-1, 1);
  const v = anatomy.vastus;
  return [
    // Gastrocnemius, medial and lateral heads.
    muscle([
      [-34 + low, 15, -36, 0, 0],
      [-26 + low, 15.5, -37, 10, 8],
      [-8, 16.5, -41, 14.5, 12],
      [20, 18, -44, 18, 16],
      [60, 20, -44, 23, 20],
      [110, 21, -44, 26, 22],
      [160, 21, -44, 26, 22],
    ]),
    muscle([
      [-32 + low, -15, -35, 0, 0],
      [-24 + low, -15.5, -36, 9, 8],
      [-8, -16, -40, 13.5, 11],
      [20, -17.5, -43, 17, 15],
      [60, -20, -43, 22, 19],
      [110, -22, -44, 25, 21],
      [160, -22, -44, 25, 21],
    ]),
    // Semimembranosus with semitendinosus, biceps femoris.
    muscle([
      [-160, 17, -38, 21, 17],
      [-100, 21, -38, 19, 16],
      [-60, 24, -38, 14, 13],
      [-30, 29, -36, 8.5, 10],
      [-8, 31, -31, 3.5, 5],
      [8, 32, -26, 0, 0],
    ]),
    muscle([
      [-160, -22, -36, 18, 17],
      [-100, -25, -37, 16, 15],
      [-60, -32, -35, 11, 12],
      [-25, -37, -31, 6.5, 9],
      [0, -38, -27, 3.5, 6],
      [14, -37, -23, 0, 0],
    ]),
    // Sartorius with gracilis.
    muscle([
      [-160, 44, -14, 8, 14],
      [-90, 46, -22, 5.5, 12],
      [-30, 43, -28, 3, 9],
      [10, 41, -27, 2, 6],
      [34, 38, -18, 0, 0],
    ]),
    // Popliteus and soleus, behind the tibia.
    muscle([
      [12, 4, -26, 0, 0],
      [20, 4, -27, 12, 4],
      [40, 1, -27, 20, 7],
      [70, 0, -27, 24, 11],
      [110, 0, -27, 27, 13],
      [160, 0, -27, 27, 13],
    ]),
    // Front and lateral compartments of the lower leg.
    muscle([
      [16, -28, 4, 0, 0],
      [26, -29, 3, 5, 8],
      [45, -29, 3, 9, 14],
      [75, -28, 4, 13, 18],
      [110, -27, 4, 15, 20],
      [160, -27, 4, 15, 20],
    ]),
    muscle([
      [24, -38, -20, 0, 0],
      [36, -38, -18, 5, 8],
      [70, -38, -16, 8, 12],
      [110, -38, -16, 9, 13],
      [160, -38, -16, 9, 13],
    ]),
    // Vastus medialis, vastus lateralis, rectus and intermedius.
    muscle(
      [
        [-160, 30, 14, 22, 26],
        [-105, 29, 15, 17, 24],
        [-75, 29, 17, 12.5, 21],
        [-55, 30, 20, 7.5, 16],
        [-38, 30, 24, 3.5, 9],
        [-28, 29, 27, 0, 0],
      ],
      m * v,
    ),
    muscle(
      [
        [-160, -30, 12, 18, 28],
        [-100, -27, 12, 9.5, 25],
        [-75, -26, 13, 6.5, 21],
        [-56, -28, 16, 4, 14],
        [-40, -29, 18, 0, 0],
      ],
      m * v,
    ),
    muscle(
      [
        [-160, -3, 36, 26, 14],
        [-100, -4, 36, 20, 9],
        [-72, -4, 38, 15, 5.5],
        [-56, -3, 40, 0, 0],
      ],
      m * v,
    ),
  ];
}

/** Popliteal vessels first, then small vessels under the skin and branches around the joint. */
export function makeVessels(anatomy: KneeAnatomy, own: Random): Tube[] {
  const s = anatomy.scale;
  const at = (x: number, y: number, z: number): Point => [x * s, y * s, z * s];
  const drift = own.normal(0, 0.4);
  const tubes: Tube[] = [
    ...winding(own, at(9 + drift, -120, -26), at(1 + drift, -20, -33), 2.8),
    ...winding(own, at(1 + drift, -20, -33), at(-1 + drift, 110, -31), 2.5),
    ...winding(own, at(3 + drift, -120, -34), at(-5 + drift, -15, -38), 3.1),
    ...winding(own, at(-5 + drift, -15, -38), at(-3 + drift, 110, -36), 2.4),
    { from: at(0, -28, -30), to: at(24, -40, -14), radius: 1.2 },
    { from: at(0, -28, -30), to: at(-25, -40, -12), radius: 1.2 },
  ];
  for (let i = 0; i < 12; i++) {
    const angle = own.between(0, 2 * Math.PI);
    const fatSide = angle < Math.PI ? anatomy.medialFat : anatomy.fat * 0.5;
    const reach = 46 * s + own.between(0.15, 0.75) * fatSide;
    const y = own.between(-85, 70);
    const x = Math.sin(angle) * reach;
    const z = LEG_AXIS + Math.cos(angle) * (52 * s + 3);
    const length = own.between(10, 45);
    tubes.push({
      from: [x, y, z],
      to: [x + own.normal(0, 4), y + length, z + own.normal(0, 10)],
      radius: own.between(0.7, 1.5),
    });
  }
  return tubes;
}

/** A vessel from one point to another in six bends. */
function winding(own: Random, from: Point, to: Point, radius: number): Tube[] {
  const bends = 6;
  const points = Array.from({ length: bends + 1 }, (_, i): Point => {
    const t = i / bends;
    const sway = i === 0 || i === bends ? 0 : 0.9;
    return [
      from[0] + (to[0] - from[0]) * t + own.normal(0, sway),
      from[1] + (to[1] - from[1]) * t,
      from[2] + (to[2] - from[2]) * t + own.normal(0, sway),
    ];
  });
  return points.slice(1).map((point, i) => ({ from: points[i]!, to: point, radius: radius * own.between(0.85, 1.1) }));
}
