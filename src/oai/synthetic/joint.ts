import { axisAt } from './anatomy.js';
import type { KneePhantom } from './phantom.js';
import { SITES } from './disease.js';
import { capsule, ramp } from './sdf.js';
import type { Point } from './sdf.js';
import type { Signals } from './tissues.js';
import { Texture } from './texture.js';

const grain = new Texture('marrow grain', 0, 2);
const strands = new Texture('synovial strands', 2, 3);

interface Ligament {
  readonly from: Point;
  readonly to: Point;
  readonly radius: number;
  readonly signal: number;
}

/** Paints what lies in and around the joint: synovium, menisci, ligaments, cartilage and the bones themselves. */
export class JointPainter {
  private readonly s: number;
  private readonly ligaments: readonly Ligament[];
  private readonly reach: number;
  private readonly calcium: Texture | null;

  constructor(
    private readonly phantom: KneePhantom,
    private readonly signals: Signals,
  ) {
    const s = phantom.anatomy.scale;
    this.s = s;
    this.reach = 52 * s;
    const { calcifiedMedial, calcifiedLateral, calcium } = phantom.disease;
    this.calcium = calcifiedMedial || calcifiedLateral ? new Texture(`calcifications ${calcium}`, 2, 2) : null;
    const low = (x: number, y: number, z: number): Point => [x * s + axisAt(phantom.anatomy, y * s), y * s, z * s];
    const at = (x: number, y: number, z: number): Point => low(x, y + phantom.bones.drop(x * s) / s, z);
    const cruciate = signals.ligament + 0.22 * signals.strands;
    this.ligaments = [
      // Anterior and posterior cruciate, collaterals, patellar and quadriceps tendon.
      { from: at(-6.5, -17, -14), to: low(3, -1, 10), radius: 3.6 * s, signal: cruciate },
      { from: at(5.5, -15, 2), to: low(1, 5, -24), radius: 4.4 * s, signal: signals.ligament + 0.06 * signals.strands },
      { from: at(37.5, -28, -1), to: low(35.5, 32, 3), radius: 1.5 * s, signal: signals.tendon },
      { from: at(-37.5, -26, -6), to: low(-34.5, 15, -17), radius: 1.7 * s, signal: signals.tendon },
      { from: low(-1, -10, 51), to: low(-3, 33, 29), radius: 3.2 * s, signal: signals.tendon },
      { from: low(-1, -46, 49), to: low(-2, -110, 44), radius: 3.6 * s, signal: signals.tendon },
    ];
  }

  paintRow(
    signal: Float32Array,
    offset: number,
    size: number,
    left: number,
    pixel: number,
    y: number,
    z: number,
  ): void {
    const first = Math.max(0, Math.floor((-this.reach - left) / pixel));
    const last = Math.min(size - 1, Math.ceil((this.reach - left) / pixel));
    const active = this.ligaments.filter(
      ({ from, to, radius }) =>
        y > Math.min(from[1], to[1]) - radius - 1 &&
        y < Math.max(from[1], to[1]) + radius + 1 &&
        z > Math.min(from[2], to[2]) - radius - 1 &&
        z < Math.max(from[2], to[2]) + radius + 1,
    );
    const { femur, tibia, fibula, patella } = this.phantom.bones;
    const s = this.s;
    const nearJoint = y > -62 * s && y < 34 * s;
    for (let column = first; column <= last; column++) {
      const x = left + column * pixel;
      const dF = y < 16 * s ? femur.at(x, y, z) : 99;
      const dT = y > -18 * s ? tibia.at(x, y, z) : 99;
      const dP = z > 22 * s && y < 4 * s ? patella.at(x, y, z) : 99;
      const dB = x < -12 * s && y > 2 * s ? fibula.at(x, y, z) : 99;
      const i = offset + column;
      let value = signal[i]!;
      if (nearJoint && Math.min(dF, dT, dP) < 11) value = this.soft(value, x, y, z, dF, dT, dP, pixel);
      else if (Math.min(dF, dT, dB) < 1.4) value *= 0.6;
      for (const ligament of active) {
        const d = capsule(x, y, z, ligament.from, ligament.to, ligament.radius);
        if (d < pixel) {
          const streak = 1 + 0.3 * strands.at(x * 1.5 + z, y * 0.6);
          value += (ligament.signal * streak - value) * cover(d, pixel);
        }
      }
      if (nearJoint) value = this.cartilage(value, x, y, z, dF, dT, dP, pixel);
      const d = Math.min(dF, dT, dP, dB);
      if (d < pixel) value += (this.bone(x, y, z, d, dF, dT) - value) * cover(d, pixel);
      signal[i] = value;
    }
  }

  /** Synovium along the bones, fluid in the gap and the recesses, the notch, the menisci. */
  private soft(
    value: number,
    x: number,
    y: number,
    z: number,
    dF: number,
    dT: number,
    dP: number,
    pixel: number,
  ): number {
    const { disease, anatomy } = this.phantom;
    const s = this.s;
    const wet = disease.effusion;
    const strand = strands.at(x * 1.4 + z * 0.7 + 9, y * 1.2 + z * 0.5);
    const film = ramp(dF, 3.4, 1.2) * ramp(y, -58 * s, -38 * s) * ramp(strand, -1, 0.8);
    value += (this.signals.synovium * 0.8 - value) * film * 0.85;
    const below = ramp(dT, 2.4, 0.8) * ramp(y, 22 * s, 12 * s) * ramp(strand, -0.4, 0.9);
    value += (this.signals.synovium * 0.55 - value) * below * 0.7;
    // Between the bones: fluid and synovium.
    const gap = ramp(Math.max(dF, 0) + Math.max(dT, 0), 13 * s, 8 * s);
    if (gap > 0) value += (this.signals.synovium * (0.72 + 0.18 * strand) - value) * gap;
    // Intercondylar notch: synovium and fat in strands, brighter at the back.
    const notch =
      ramp(Math.abs(x), 13 * s, 9 * s) * ramp(dF, 9 * s, 5 * s) * ramp(z, 17 * s, 10 * s) * ramp(y, -34 * s, -26 * s);
    if (notch > 0) value += (this.signals.synovium * (0.66 + 0.3 * strand) - value) * notch * ramp(y, 8 * s, 0);
    // Behind the condyles and above the trochlea: capsule and recess, larger with an effusion.
    if (z < -18 * s) {
      const behind = ramp(dF, 3.5 + wet, 1.5 + 0.5 * wet) * ramp(y, -44 * s, -34 * s);
      value += (this.signals.synovium * (0.72 + 0.2 * strand) - value) * behind;
    }
    if (z > 12 * s && y < -38 * s) {
      const recess =
        ramp(dF, 2 + 1.6 * wet, 1 + wet) * ramp(y, -62 * s, -50 * s) * ramp(strand, -1.4 + 0.2 * wet, -0.2);
      value += (this.signals.fluid * anatomy.fluidSignal - value) * recess * Math.min(1, 0.35 + 0.3 * wet);
    }
    if (wet > 1 && Math.abs(x) > 30 * s && y > -30 * s && y < 0 && z > -8 * s) {
      const gutter = ramp(dF, 1.2 + 1.2 * wet, wet) * ramp(strand, -0.8, 0.2);
      value += (this.signals.fluid - value) * gutter * 0.8;
    }
    if (dP < 6 && z < 46 * s) value += (this.signals.synovium * 0.5 - value) * ramp(dP, 5.5, 3.5) * ramp(dF, 7, 4);
    return this.meniscus(value, x, y, z, dF, dT, pixel);
  }

  /** The wedge that fills the outer part of the gap between both cartilages. */
  private meniscus(value: number, x: number, y: number, z: number, dF: number, dT: number, pixel: number): number {
    const between = ramp(Math.max(dF, 0) + Math.max(dT, 0), 11 * this.s, 9 * this.s);
    if (between === 0 || Math.abs(x) < 6 * this.s) return value;
    const s = this.s;
    const { anatomy, disease } = this.phantom;
    const medial = x > 0;
    const extrusion = medial ? disease.medialExtrusion : disease.lateralExtrusion;
    const calcified = medial ? disease.calcifiedMedial : disease.calcifiedLateral;
    const u = (Math.abs(x) - anatomy.condyleSplit * s) / (18 * s);
    const w = (z + 3 * s) / ((medial ? 23 : 20) * s);
    const radial = u > 0 ? Math.sqrt(u * u + w * w) : Math.sqrt(u * u * 0.75 + w * w);
    const inner = 0.52 + (extrusion / 18) * 0.8;
    const outer = 1.03 + extrusion / 18;
    const edge = Math.min(radial - inner, outer - radial, 1 - Math.abs(w)) * 18 * s;
    const amount = Math.max(0, Math.min(1, 0.5 + edge / pixel));
    if (amount === 0) return value;
    let signal = this.signals.meniscus * (1 + 0.12 * strands.at(x + 50, y + z));
    if (calcified && this.specks(x, y, z) > 0.5) signal = this.signals.cortex;
    return value + (signal - value) * amount * between * ramp(Math.abs(x), 6 * s, 9 * s) * 0.92;
  }

  private cartilage(
    value: number,
    x: number,
    y: number,
    z: number,
    dF: number,
    dT: number,
    dP: number,
    pixel: number,
  ): number {
    const s = this.s;
    const { anatomy, disease, bones } = this.phantom;
    const medial = x > 0;
    const base = anatomy.cartilage * s;
    const gap = medial ? disease.medialGap : disease.lateralGap;
    const share = Math.min(base, 0.47 * gap);
    const calcified = medial ? disease.calcifiedMedial : disease.calcifiedLateral;
    if (dF < 4 && dF > -pixel) {
      const yF = y - bones.drop(x);
      const dy = yF + 26 * s;
      const dz = z - 3 * s;
      const sector =
        ramp(dy, -0.55 * Math.abs(dz) - 1, -0.55 * Math.abs(dz) + 4) *
        ramp(Math.abs(dz) + Math.max(0, dy), 13 * s, 19 * s);
      const sides = ramp(Math.abs(x), 33.5 * s, 30.5 * s) * (z < 9 * s ? ramp(Math.abs(x), 5.5 * s, 8 * s) : 1);
      const loaded = ramp(dT, 13 * s, 6 * s);
      const thickness = (base + (share - base) * loaded) * sector * sides;
      if (thickness > 0.15) {
        // The condyles' cartilage calcifies, not the trochlea's above it.
        const tone = this.cartilageTone(x, y, z, dF / thickness, calcified && y > -36 * s);
        value += (tone - value) * cover(dF - thickness, pixel) * Math.min(1, thickness / (0.8 * pixel));
      }
    }
    if (dT < 4 && dT > -pixel) {
      const height = bones.plateau(x, z);
      const top = ramp(y - height, 2.5, 0.5) * ramp(Math.abs(x), 6.5 * s, 9 * s) * ramp(Math.abs(x), 36.5 * s, 34 * s);
      const thickness =
        share * top * (1.05 - 0.25 * ramp(Math.abs(Math.abs(x) - anatomy.condyleSplit * s), 8 * s, 16 * s));
      if (thickness > 0.15) {
        const tone = this.cartilageTone(x, y, z, dT / thickness, calcified);
        value += (tone - value) * cover(dT - thickness, pixel) * Math.min(1, thickness / (0.8 * pixel));
      }
    }
    if (dP < 5 && z < 44 * s) {
      const thickness = 3 * s * ramp(z, 43 * s, 39 * s) * ramp(Math.abs(y - anatomy.patellaY * s), 19 * s, 15 * s);
      if (thickness > 0.15)
        value += (this.cartilageTone(x, y, z, dP / thickness, false) - value) * cover(dP - thickness, pixel);
    }
    return value;
  }

  /** Brightest in the middle of the layer; a thin dark line where two layers touch; dark specks when calcified. */
  private cartilageTone(x: number, y: number, z: number, level: number, calcified: boolean): number {
    const bump = 1 - 0.35 * (2 * level - 1) ** 2;
    let tone = this.signals.cartilage * bump * (1 + 0.04 * strands.at(x * 2, y * 2 + z));
    if (calcified) tone *= 1 - 0.85 * ramp(this.specks(x, y, z), 0.35, 0.8);
    return tone;
  }

  /** The knee's own pattern of calcium crystals. */
  private specks(x: number, y: number, z: number): number {
    return this.calcium?.at(x * 1.5 + z * 0.8, y * 1.5 + z * 0.6) ?? 0;
  }

  /** Black cortex, dark grainy marrow, darker sclerosis under the joint surface, bright cysts. */
  private bone(x: number, y: number, z: number, d: number, dF: number, dT: number): number {
    const s = this.s;
    const { disease, anatomy } = this.phantom;
    const shaft = ramp(Math.abs(y), 35 * s, 80 * s);
    const cortex = (0.4 + 2.2 * shaft) * anatomy.cortex;
    const texture = grain.at(x * 1.5 + z * 0.7, y * 1.1 + z * 0.4);
    const patch = strands.at(x * 0.22 + 11, y * 0.2 + z * 0.12);
    let tone =
      this.signals.marrow *
      Math.max(
        0.2,
        1.35 + 0.16 * texture + 0.16 * patch + 0.35 * ramp(Math.abs(y), 45 * s, 75 * s) * Math.max(0, patch),
      );
    const inFemur = dF < dT;
    const site = SITES[(inFemur ? 0 : 2) + (x > 0 ? 0 : 1)]!;
    const depth = disease.sclerosis[site] * s * (1 + 0.16 * patch);
    if (depth > 0 && Math.abs(y) < 26 * s) {
      const facing =
        ramp(inFemur ? dT : dF, 12 * s + depth, 6 * s + depth * 0.8) *
        ramp(Math.abs(x) + 2 * patch, 6 * s, 14 * s) *
        ramp(Math.abs(z + 3 * s), 24 * s, 14 * s);
      tone += (this.signals.cortex - tone) * 0.95 * facing * ramp(-d, depth * 1.25, depth * 0.7);
    }
    for (const cyst of disease.cysts) {
      const dx = x - cyst.centre[0] * s;
      const dy =
        y - cyst.centre[1] * s - (cyst.site[0] === 'F' ? this.phantom.bones.drop(x) : this.phantom.bones.level(x));
      const dz = z - cyst.centre[2] * s;
      const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) - cyst.radius * s;
      if (distance < 1.5)
        tone += ((distance < 0.6 ? this.signals.fluid : this.signals.cortex) - tone) * ramp(distance, 1.4, 0.1);
    }
    return tone + (this.signals.cortex - tone) * ramp(-d, cortex + 0.5, cortex * 0.5);
  }
}

/** Share of a pixel inside a surface at signed distance d. */
function cover(d: number, pixel: number): number {
  return Math.max(0, Math.min(1, 0.5 - d / pixel));
}
