import { axisAt, jointLevel, type KneeAnatomy } from './anatomy.js';
import type { Disease } from './disease.js';
import { capsule, DistanceGrid, ellipsoid, Profile, ramp, smoothIntersection, smoothUnion } from './sdf.js';

/**
 * The bones of a knee as distance grids. Frame: origin on the joint line, mm; x to the medial side, y down the leg, z to the
 * front. Shapes are written for a plateau half-width of 37 mm and scaled.
 */
export interface Bones {
  readonly femur: DistanceGrid;
  readonly tibia: DistanceGrid;
  readonly fibula: DistanceGrid;
  readonly patella: DistanceGrid;
  /** Height (y) of the tibial joint surface at (x, z). */
  readonly plateau: (x: number, z: number) => number;
  /** How far the femur sits lower than in the healthy standard knee at x. */
  readonly drop: (x: number) => number;
  /** Height (y) of the oblique joint line at x. */
  readonly level: (x: number) => number;
}

export function makeBones(anatomy: KneeAnatomy, disease: Disease): Bones {
  const s = anatomy.scale;
  const drop = femurDrop(anatomy, disease);
  const plateau = plateauHeight(anatomy, disease);
  const femur = femurDistance(anatomy, disease, drop);
  const tibia = tibiaDistance(anatomy, disease, plateau);
  const scaled = (f: Shape): Shape => {
    return (x, y, z) => s * f((x - axisAt(anatomy, y)) / s, y / s, z / s);
  };
  const p = anatomy;
  const size = p.patellaSize;
  return {
    femur: new DistanceGrid({ min: [-54, -112, -42], max: [54, 18, 44] }, scaled(femur)),
    tibia: new DistanceGrid({ min: [-54, -14, -42], max: [54, 112, 42] }, scaled(tibia)),
    fibula: new DistanceGrid(
      { min: [-54, 2, -40], max: [-10, 112, 10] },
      scaled((x, y, z) =>
        smoothUnion(
          ellipsoid(x - p.fibulaX, y - p.fibulaTip - 12, z - p.fibulaZ, 8.5, 13, 9.5),
          capsule(x, y, z, [p.fibulaX + 0.5, p.fibulaTip + 16, p.fibulaZ], [p.fibulaX + 3, 190, p.fibulaZ + 4], 5.6),
          6,
        ),
      ),
    ),
    patella: new DistanceGrid(
      { min: [-34, -66, 24], max: [34, 6, 66] },
      scaled((x, y, z) => {
        const dx = (x - p.patellaX) / size;
        const dy = (y - p.patellaY) / size;
        const dz = (z - 46.5) / size;
        const front = ellipsoid(dx, dy, dz, 22.5, 21.5, 11);
        const facets = (-dz - 7.5 + 0.42 * Math.abs(dx - 1.5)) * 0.92;
        const flat = dz - 8.5;
        return size * smoothIntersection(smoothIntersection(front, facets, 4), flat, 6);
      }),
    ),
    plateau: (x, z) => s * plateau(x / s, z / s),
    drop: (x) => s * drop(x / s),
    level: (x) => s * jointLevel(anatomy, x / s),
  };
}

type Shape = (x: number, y: number, z: number) => number;

/** Tangent of the angle between the standard femur's shaft and the leg. */
const VALGUS = 0.105;

/** How much farther a condyle reaches outwards than inwards. */
const OUTER_FLARE = 2.6;

/** The healthy standard gap, to which the femur's shape is drawn. */
const STANDARD_GAP = 5;

function femurDrop(anatomy: KneeAnatomy, disease: Disease): (x: number) => number {
  const s = anatomy.scale;
  const medial = STANDARD_GAP - disease.medialGap / s + 0.55 * disease.medialAttrition;
  const lateral = STANDARD_GAP - disease.lateralGap / s + 0.55 * disease.lateralAttrition;
  const middle = (medial + lateral) / 2;
  const slope = (medial - lateral) / (2 * anatomy.condyleSplit);
  return (x) => middle + slope * Math.max(-60, Math.min(60, x)) + jointLevel(anatomy, x);
}

function femurDistance(anatomy: KneeAnatomy, disease: Disease, drop: (x: number) => number): Shape {
  const split = anatomy.condyleSplit;
  const half = split - 5.2 - anatomy.notchWidth * 0.5;
  const depth = anatomy.femurDepth;
  const spurs = disease.osteophytes.filter((osteophyte) => osteophyte.site[0] === 'F');
  const condyle = (x: number, y: number, z: number, sign: number) => {
    const across = sign * x - split + 0.24 * Math.max(0, z - 4);
    const opening = across < 0 ? -0.26 * Math.max(0, y + 22) * ramp(z, 16, 2) : OUTER_FLARE;
    const taper = half + opening - 0.32 * Math.max(0, z - 4);
    const u = across / (half + (across > 0 ? OUTER_FLARE : 0));
    const crown = (u < 0 ? 2.6 : 1.7) * u * u + (u < 0 ? 2.2 : 2.6) * u * u * u * u;
    const zc = sign < 0 ? z - 1.5 : z;
    const rear = Math.hypot(y + 21.5, (zc + 11) / depth) - (19 - crown);
    const front = Math.hypot(y + 28, (zc - 3) / depth) - (25.5 - crown);
    return smoothIntersection(smoothUnion(rear, front, 4), Math.abs(across) - taper, across < 0 ? 9 : 7);
  };
  return (x, y0, z) => {
    const y = y0 - drop(x);
    const axis = y < -38 ? VALGUS * (y + 38) : 0;
    const a = FEMUR_HALF_WIDTH.at(y) * (1 + (anatomy.shaft - 1) * ramp(y, -26, -46));
    const b = FEMUR_HALF_DEPTH.at(y) * depth;
    const qx = Math.abs(x - axis) / a;
    const qz = Math.abs(z - FEMUR_CENTRE.at(y)) / b;
    const round = Math.sqrt(qx * qx + qz * qz);
    const square = Math.sqrt(Math.sqrt(qx * qx * qx * qx + qz * qz * qz * qz));
    const blend = ramp(y, -70, -40) * 0.55 * ramp(z, 14, 2);
    const loft = (round + (square - round) * blend - 1) * Math.min(a, b);
    // Blumensaat's line: the roof of the intercondylar notch rises backwards.
    const roof = (y - 0.85 * z + 23) * 0.76;
    const body = smoothIntersection(loft, roof, 6);
    const groove = smoothIntersection(
      Math.hypot(y + 27, (z - 5) / depth) - 19.4,
      smoothIntersection(Math.abs(x) - 16, roof, 5),
      5,
    );
    let d = smoothUnion(condyle(x, y, z, 1), condyle(x, y, z, -1), 6);
    d = smoothUnion(d, smoothUnion(body, groove, 5), 6);
    for (const spur of spurs) {
      const sign = spur.site === 'FM' ? 1 : -1;
      const edge = split + half + 1;
      const tipX = sign * (edge + spur.reach);
      const tipY = -7 - spur.droop * spur.reach * 0.9;
      const rib = capsule(x, y, z, [tipX, tipY, spur.from], [tipX, tipY - 1, spur.to], spur.radius);
      const root = capsule(
        x,
        y,
        z,
        [sign * edge, -7.5, spur.from + 2],
        [sign * edge, -8, spur.to - 2],
        spur.radius * 0.9,
      );
      d = smoothUnion(d, smoothUnion(rib, root, spur.reach * 1.6), 3.5);
    }
    return d;
  };
}

function plateauHeight(anatomy: KneeAnatomy, disease: Disease): (x: number, z: number) => number {
  const gaussian = (dx: number, dz: number, sx: number, sz: number) =>
    Math.exp(-0.5 * ((dx * dx) / (sx * sx) + (dz * dz) / (sz * sz)));
  return (x, z) => {
    const sign = x > 0 ? 1 : -1;
    const u = (sign * x - anatomy.condyleSplit) / 15;
    const w = (z + 3) / 20;
    const dish = x > 0 ? anatomy.medialDish : anatomy.lateralDish;
    const inward = ramp(Math.abs(x), 3, 10);
    const [tilt, slope] =
      x > 0 ? [anatomy.medialTilt, 0] : [-anatomy.lateralTilt, anatomy.lateralSlope * ramp(-x, 3, 10)];
    let y = 2.5 - (anatomy.plateauSlope + slope) * (z + 3) - anatomy.plateauTilt * x + jointLevel(anatomy, x);
    y += tilt * (Math.abs(x) - anatomy.condyleSplit) * ramp(Math.abs(x), 3, 10);
    y -= dish * Math.min(1.1, u * u + (x > 0 ? 0.45 : -0.5) * w * w) * inward;
    y += 1.6 * ramp(Math.abs(x), 32, 40) ** 2;
    y -= anatomy.medialSpine * gaussian(x - 4.6, z + 3, 2.7, 6) + anatomy.lateralSpine * gaussian(x + 5, z + 1, 2.6, 5);
    y -= 1.8 * gaussian(x, z + 2, 8, 12);
    const attrition = x > 0 ? disease.medialAttrition : disease.lateralAttrition;
    if (attrition > 0) y += attrition * ramp(sign * x, 7, 15) * gaussian(0, z + 4, 1, 15);
    return y;
  };
}

function tibiaDistance(anatomy: KneeAnatomy, disease: Disease, plateau: (x: number, z: number) => number): Shape {
  const spurs = disease.osteophytes.filter((osteophyte) => osteophyte.site[0] === 'T');
  const depth = anatomy.tibiaDepth;
  return (x, y, z) => {
    const a = TIBIA_HALF_WIDTH.at(y) * (1 + (anatomy.shaft - 1) * ramp(y, 12, 34));
    const b = TIBIA_HALF_DEPTH.at(y) * depth;
    const qx = Math.abs(x + 0.6) / a;
    const qz = Math.abs(z - TIBIA_CENTRE.at(y)) / b;
    const round = Math.sqrt(qx * qx + qz * qz);
    const square = Math.sqrt(Math.sqrt(qx * qx * qx * qx + qz * qz * qz * qz));
    const blend = ramp(y, 45, 15) * 0.5;
    let d = (round + (square - round) * blend - 1) * Math.min(a, b);
    d = smoothIntersection(d, 8.5 - Math.hypot(x, z + 31), 4);
    d = smoothUnion(d, ellipsoid(x + 2, y - 33, z - 18, 8, 17, 7), 7);
    d = smoothIntersection(d, (plateau(x, z) - y) * 0.93, 2);
    for (const spur of spurs) {
      const sign = spur.site === 'TM' ? 1 : -1;
      const edge = 35.6;
      const tipX = sign * (edge + spur.reach);
      const tipY = plateau(sign * 33, 0) + 2.6 - (0.5 - spur.droop) * spur.reach * 0.7;
      const rootY = 5 + jointLevel(anatomy, sign * edge);
      const rib = capsule(x, y, z, [tipX, tipY + 1, spur.from], [tipX, tipY - 1, spur.to], spur.radius);
      const root = capsule(
        x,
        y,
        z,
        [sign * edge, rootY + 1, spur.from + 2],
        [sign * edge, rootY, spur.to - 2],
        spur.radius * 0.9,
      );
      d = smoothUnion(d, smoothUnion(rib, root, spur.reach * 1.6), 3.5);
    }
    return d;
  };
}

const FEMUR_HALF_WIDTH = new Profile([
  [-130, 13.6],
  [-92, 14.6],
  [-76, 17],
  [-62, 21.5],
  [-50, 27.5],
  [-42, 32],
  [-35, 35.6],
  [-28, 36.6],
  [-21, 34.6],
  [-15, 31],
  [-8, 24],
]);
const FEMUR_HALF_DEPTH = new Profile([
  [-130, 14],
  [-90, 14.4],
  [-70, 15.5],
  [-56, 17],
  [-45, 18.5],
  [-36, 18.5],
  [-28, 17.5],
  [-20, 16],
  [-12, 13],
]);
const FEMUR_CENTRE = new Profile([
  [-130, 6],
  [-90, 5],
  [-70, 4.5],
  [-50, 2.5],
  [-36, 0],
  [-28, 0],
  [-20, 2],
  [-12, 5],
]);
const TIBIA_HALF_WIDTH = new Profile(
  [
    [-10, 37],
    [2, 37.2],
    [7, 38],
    [13, 37],
    [19, 34],
    [26, 29.5],
    [36, 23.5],
    [48, 18.8],
    [62, 16],
    [80, 14.4],
    [130, 13],
  ],
  3,
);
const TIBIA_HALF_DEPTH = new Profile([
  [-10, 23],
  [8, 23.5],
  [16, 23],
  [26, 21],
  [36, 19],
  [48, 17],
  [62, 15.8],
  [80, 15.2],
  [130, 14.5],
]);
const TIBIA_CENTRE = new Profile([
  [-10, -3],
  [16, -3],
  [30, -1],
  [45, 1],
  [130, 2],
]);
