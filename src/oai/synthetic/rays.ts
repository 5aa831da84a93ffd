import { axisAt } from './anatomy.js';
import { SITES } from './disease.js';
import type { KneePhantom } from './phantom.js';
import { ramp } from './sdf.js';
import { Texture } from './texture.js';

/** How a knee stands between the tube and the film. */
export interface Beam {
  /** Flexion of the knee, radians. */
  readonly flexion: number;
  /** Tangent of the beam's tilt against the tibia: the flexed stance brings the plateau into line with the beam. */
  readonly tilt: number;
  /** Place of the knee's origin on the film, mm. */
  readonly x: number;
  readonly y: number;
  readonly mirrored: boolean;
}

/** Linear attenuation at about 55 keV, per mm (NIST XCOM / ICRU-44). */
const ATTENUATION = { soft: 0.0216, fat: 0.0192, trabecular: 0.0098, cortical: 0.0385, metal: 0.3 } as const;

/** Trabeculae along the load: the pattern that a film shows inside the bones. */
export const TRABECULAE = new Texture('trabeculae along the load', 1, 9);

/** A point of a ray: where it is in the frame of the tibia and of the turned femur, and how deep in which bone. */
interface RayPoint {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly turnedY: number;
  readonly turnedZ: number;
  readonly d: number;
  readonly bone: 'femur' | 'tibia' | 'fibula' | 'patella';
  /** Distance to the femur, or to the tibia when the point is in the femur. */
  readonly opposite: number;
}

const SHAFT_DENSITY = { dense: 0, lucent: 0 } as const;

/** Where rays begin and end, mm of the standard knee behind and before the joint. */
const NEAREST = -90;
const FARTHEST = 68;

/** Walks rays from back to front through the flexed knee. */
export class RayCaster {
  private readonly cos: number;
  private readonly sin: number;
  private readonly axisY: number;
  private readonly axisZ: number;
  private readonly s: number;

  constructor(
    private readonly phantom: KneePhantom,
    private readonly beam: Beam,
  ) {
    this.s = phantom.anatomy.scale;
    this.cos = Math.cos(beam.flexion);
    this.sin = Math.sin(beam.flexion);
    this.axisY = -21.5 * this.s + phantom.bones.drop(0);
    this.axisZ = -9 * this.s;
  }

  /** Optical depth of skin, fat and muscle along the ray at (x, y): chords of the leg's two ellipses. */
  soft(column: number, y: number): number {
    const { leg, anatomy } = this.phantom;
    const x = column - axisAt(anatomy, y);
    const medial = x > 0;
    const a = (medial ? leg.fascia.medial : leg.fascia.lateral).at(y);
    const A = a + (medial ? leg.fat.medial : leg.fat.lateral);
    const outer = 1 - (x * x) / (A * A);
    if (outer <= 0) return 0;
    const B = leg.fascia.front.at(y) + leg.fat.front + leg.fascia.back.at(y) + leg.fat.back;
    const inner = Math.max(0, 1 - (x * x) / (a * a));
    const b = leg.fascia.front.at(y) + leg.fascia.back.at(y);
    // A standing leg is squarer than an ellipse.
    const whole = B * outer ** 0.38;
    const lean = Math.min(whole, b * inner ** 0.38 * 0.86);
    return 0.94 * (lean * ATTENUATION.soft + (whole - lean) * ATTENUATION.fat);
  }

  /** Extra attenuation by bone and the trabecular path length, mm, along the ray at (x, y). */
  bone(x: number, y: number): { attenuation: number; trabecular: number } {
    const sum = { attenuation: 0, trabecular: 0 };
    for (let z = NEAREST * this.s; z < FARTHEST * this.s;) {
      const point = this.pointAt(x, y + this.beam.tilt * z, z);
      const { d } = point;
      // Inside, nothing changes fast until the cortex of the far side; samples are dense only there.
      const length = Math.max(0.55, Math.min(8, (d > 0 ? d : -d - 3.5) * 0.8));
      if (d < 0.6) this.passBone(point, length, sum);
      z += length;
    }
    sum.attenuation += this.calcification(x, y);
    return sum;
  }

  private pointAt(x: number, y: number, z: number): RayPoint {
    const { bones } = this.phantom;
    const s = this.s;
    const ry = y - this.axisY;
    const rz = z - this.axisZ;
    // The femur is turned about the axis of its condyles; the patella goes with it.
    const turnedY = this.axisY + ry * this.cos + rz * this.sin;
    const turnedZ = this.axisZ - ry * this.sin + rz * this.cos;
    const femur = y < 26 * s ? bones.femur.at(x, turnedY, turnedZ) : 90;
    const tibia = y > -16 * s ? bones.tibia.at(x, y, z) : 90;
    const fibula = y > 0 ? bones.fibula.at(x, y, z) : 90;
    const patella = z > 10 * s && y < 30 * s ? bones.patella.at(x, turnedY, turnedZ) : 90;
    const d = Math.min(femur, tibia, fibula, patella);
    const bone = femur === d ? 'femur' : tibia === d ? 'tibia' : patella === d ? 'patella' : 'fibula';
    return { x, y, z, turnedY, turnedZ, d, bone, opposite: bone === 'femur' ? tibia : femur };
  }

  /** Adds `length` mm of ray at a point in a bone. */
  private passBone(point: RayPoint, length: number, sum: { attenuation: number; trabecular: number }): void {
    const { anatomy } = this.phantom;
    const { d, bone } = point;
    const s = this.s;
    const shaft = ramp(Math.abs(bone === 'femur' ? point.turnedY : point.y), 30 * s, 85 * s);
    const cortex = (bone === 'patella' ? 0.45 : 0.7 + 2.7 * shaft) * anatomy.cortex;
    const shell = ramp(-d, cortex + 0.5, cortex - 0.4) * ramp(d, 0.5, -0.4);
    const inside = ramp(d, 0.3, -0.3);
    const { dense, lucent } = shaft < 0.6 ? this.densityAt(point) : SHAFT_DENSITY;
    const marrowed = inside * (1 - 0.75 * shaft) * (1 + dense) * (1 - lucent);
    sum.attenuation +=
      length * anatomy.mineral * (shell * ATTENUATION.cortical + (1 - shell) * marrowed * ATTENUATION.trabecular);
    sum.trabecular += length * inside * (1 - 0.6 * shaft);
    if (this.phantom.replaced && (bone === 'femur' || bone === 'tibia')) {
      const covered = ramp(point.opposite, 24 * s, 22 * s) * ramp(-d, 8 * s, 7 * s);
      const stem =
        bone === 'tibia'
          ? ramp(Math.hypot(point.x, point.z - 1) - 6 * s, 0.5, -0.5) * ramp(point.y, 42 * s, 40 * s)
          : 0;
      sum.attenuation += length * inside * Math.max(covered, stem) * ATTENUATION.metal;
    }
  }

  /** Bone is denser under the joint surface, much denser where it is sclerotic; cysts are holes with a dense rim. */
  private densityAt({ x, y, z, turnedY, turnedZ, d, bone, opposite }: RayPoint): { dense: number; lucent: number } {
    const { bones, disease } = this.phantom;
    const s = this.s;
    const femoral = bone === 'femur';
    let dense = 0.55 * ramp(opposite, 16 * s, 7 * s) * ramp(-d, 7, 1);
    let lucent = 0;
    if (femoral || bone === 'tibia') {
      const reach = disease.sclerosis[SITES[(femoral ? 0 : 2) + (x > 0 ? 0 : 1)]!] * s;
      if (reach > 0) {
        const facing = ramp(opposite, 15 * s + reach, 8 * s + reach) * ramp(Math.abs(x), 6 * s, 10 * s);
        dense += (0.45 + 0.11 * reach) * facing * ramp(-d, reach * 1.3, reach * 0.6);
      }
    }
    for (const cyst of disease.cysts) {
      if ((cyst.site[0] === 'F') !== femoral) continue;
      const cy = cyst.centre[1] * s + (femoral ? bones.drop(x) : bones.level(x));
      const dx = x - cyst.centre[0] * s;
      const dy = (femoral ? turnedY : y) - cy;
      const dz = (femoral ? turnedZ : z) - cyst.centre[2] * s;
      const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) - cyst.radius * s;
      if (distance < 1.6) {
        lucent = Math.max(lucent, ramp(distance, 0.5, -0.3));
        dense += 1.6 * ramp(distance, 1.6, 0.9) * ramp(distance, -0.2, 0.6);
      }
    }
    return { dense, lucent };
  }

  /** Calcium in cartilage and menisci: a film shows it only as the faintest haze in the joint space. */
  private calcification(x: number, y: number): number {
    const { disease, anatomy } = this.phantom;
    if (!(x > 0 ? disease.calcifiedMedial : disease.calcifiedLateral)) return 0;
    const dx = (Math.abs(x) - (anatomy.condyleSplit + 6) * this.s) / 10;
    const dy = (y - (this.phantom.bones.drop(x) + this.phantom.bones.level(x)) * 0.5) / 1.8;
    return (
      0.02 *
      Math.exp(-dx * dx - dy * dy) *
      (1 + 0.6 * TRABECULAE.at(x * 5 + (disease.calcium & 255), y * 8 + ((disease.calcium >>> 8) & 255)))
    );
  }
}
