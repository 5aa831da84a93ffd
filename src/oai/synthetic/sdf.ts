/** Signed distance helpers. Distances are in mm, negative inside. */

/** Union with a fillet of about `k` mm (polynomial smooth minimum). */
export function smoothUnion(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? Math.min(a, b) - (h * h) / (4 * k) : Math.min(a, b);
}

/** Intersection with an edge rounded by about `k` mm. */
export function smoothIntersection(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? Math.max(a, b) + (h * h) / (4 * k) : Math.max(a, b);
}

/** Distance to the ellipsoid of radii (rx, ry, rz) at the origin; a first-order bound, exact on the surface. */
export function ellipsoid(x: number, y: number, z: number, rx: number, ry: number, rz: number): number {
  const k0 = Math.sqrt((x * x) / (rx * rx) + (y * y) / (ry * ry) + (z * z) / (rz * rz));
  const k1 = Math.sqrt((x * x) / rx ** 4 + (y * y) / ry ** 4 + (z * z) / rz ** 4);
  return k1 < 1e-9 ? -Math.min(rx, ry, rz) : (k0 * (k0 - 1)) / k1;
}

export type Point = readonly [x: number, y: number, z: number];

/** Distance to a capsule from `p` to `q` of radius `r`. */
export function capsule(x: number, y: number, z: number, p: Point, q: Point, r: number): number {
  const bx = q[0] - p[0];
  const by = q[1] - p[1];
  const bz = q[2] - p[2];
  const ax = x - p[0];
  const ay = y - p[1];
  const az = z - p[2];
  const t = Math.max(0, Math.min(1, (ax * bx + ay * by + az * bz) / (bx * bx + by * by + bz * bz)));
  const dx = ax - t * bx;
  const dy = ay - t * by;
  const dz = az - t * bz;
  return Math.sqrt(dx * dx + dy * dy + dz * dz) - r;
}

/** 0 below `low`, 1 above `high`, linear between. */
export function ramp(value: number, low: number, high: number): number {
  return Math.max(0, Math.min(1, (value - low) / (high - low)));
}

/** A quantity along the leg axis: knots (y, value), resampled to 1 mm and smoothed so that outlines have no corners. */
export class Profile {
  private readonly values: Float64Array;

  constructor(knots: readonly (readonly [y: number, value: number])[], smoothing = 4) {
    const raw = Float64Array.from({ length: Profile.SIZE }, (_, i) => interpolate(knots, Profile.FIRST + i));
    this.values = raw.map((_, i) => {
      let sum = 0;
      for (let k = -smoothing; k <= smoothing; k++) sum += raw[Math.max(0, Math.min(Profile.SIZE - 1, i + k))]!;
      return sum / (2 * smoothing + 1);
    });
  }

  at(y: number): number {
    const t = Math.max(0, Math.min(Profile.SIZE - 1.001, y - Profile.FIRST));
    const i = t | 0;
    return this.values[i]! + (t - i) * (this.values[i + 1]! - this.values[i]!);
  }

  private static readonly FIRST = -180;
  private static readonly SIZE = 361;
}

function interpolate(knots: readonly (readonly [number, number])[], y: number): number {
  if (y <= knots[0]![0]) return knots[0]![1];
  for (let i = 1; i < knots.length; i++) {
    const [y1, v1] = knots[i]!;
    const [y0, v0] = knots[i - 1]!;
    if (y <= y1) return v0 + ((v1 - v0) * (y - y0)) / (y1 - y0);
  }
  return knots[knots.length - 1]![1];
}

export interface Box {
  readonly min: Point;
  readonly max: Point;
}

/** Distance of a shape sampled every millimetre: evaluated once, then looked up by MRI slices and film rays alike. */
export class DistanceGrid {
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
  readonly data: Float32Array;

  constructor(
    readonly box: Box,
    distance: (x: number, y: number, z: number) => number,
  ) {
    this.nx = box.max[0] - box.min[0] + 1;
    this.ny = box.max[1] - box.min[1] + 1;
    this.nz = box.max[2] - box.min[2] + 1;
    this.data = new Float32Array(this.nx * this.ny * this.nz);
    let i = 0;
    for (let z = 0; z < this.nz; z++) {
      for (let y = 0; y < this.ny; y++) {
        for (let x = 0; x < this.nx; x++) {
          this.data[i++] = distance(x + box.min[0], y + box.min[1], z + box.min[2]);
        }
      }
    }
  }

  /** Trilinear; outside the box the nearest face's value plus the distance to it. A shaft leaves the box through its y faces and goes on. */
  at(x: number, y: number, z: number): number {
    const { min } = this.box;
    let gx = x - min[0];
    const gy = Math.max(0, Math.min(this.ny - 1.001, y - min[1]));
    let gz = z - min[2];
    let outside = 0;
    if (gx < 0) {
      outside -= gx;
      gx = 0;
    } else if (gx > this.nx - 1.001) {
      outside += gx - (this.nx - 1.001);
      gx = this.nx - 1.001;
    }
    if (gz < 0) {
      outside -= gz;
      gz = 0;
    } else if (gz > this.nz - 1.001) {
      outside += gz - (this.nz - 1.001);
      gz = this.nz - 1.001;
    }
    const ix = gx | 0;
    const iy = gy | 0;
    const iz = gz | 0;
    const fx = gx - ix;
    const fy = gy - iy;
    const fz = gz - iz;
    const d = this.data;
    const o = (iz * this.ny + iy) * this.nx + ix;
    const o1 = o + this.nx;
    const p = o + this.nx * this.ny;
    const p1 = p + this.nx;
    const a0 = d[o]! + fx * (d[o + 1]! - d[o]!);
    const a1 = d[o1]! + fx * (d[o1 + 1]! - d[o1]!);
    const b0 = d[p]! + fx * (d[p + 1]! - d[p]!);
    const b1 = d[p1]! + fx * (d[p1 + 1]! - d[p1]!);
    const a = a0 + fy * (a1 - a0);
    const b = b0 + fy * (b1 - b0);
    return a + fz * (b - a) + outside;
  }
}
