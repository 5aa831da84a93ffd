import { Random } from './random.js';

/** Side of a texture tile; a power of two, so that coordinates wrap by masking. */
const TILE = 256;

/** A tile of smooth random values, zero mean and unit variance, that repeats without a seam. */
export class Texture {
  private readonly values: Float32Array;

  /** Feature sizes along the tile's two axes, in tile cells. */
  constructor(name: string, sizeX: number, sizeY: number) {
    const random = new Random('texture', name);
    const noise = Float32Array.from({ length: TILE * TILE }, () => random.gaussian());
    this.values = standardise(blurWrapped(blurWrapped(noise, sizeX, 1), sizeY, TILE));
  }

  /** Bilinear value at (u, v) in cells; any number is legal. */
  at(u: number, v: number): number {
    const fu = Math.floor(u);
    const fv = Math.floor(v);
    const du = u - fu;
    const dv = v - fv;
    const x0 = fu & (TILE - 1);
    const x1 = (fu + 1) & (TILE - 1);
    const y0 = (fv & (TILE - 1)) * TILE;
    const y1 = ((fv + 1) & (TILE - 1)) * TILE;
    const t = this.values;
    const a = t[y0 + x0]! + du * (t[y0 + x1]! - t[y0 + x0]!);
    const b = t[y1 + x0]! + du * (t[y1 + x1]! - t[y1 + x0]!);
    return a + dv * (b - a);
  }
}

/** Three box blurs along one axis (stride 1 = x, TILE = y): near enough to a Gaussian of `size` cells. */
function blurWrapped(values: Float32Array, size: number, stride: 1 | typeof TILE): Float32Array {
  const radius = Math.max(0, Math.round(size / 2));
  let current = values;
  for (let pass = 0; pass < 3 && radius > 0; pass++) {
    const next = new Float32Array(current.length);
    for (let line = 0; line < TILE; line++) {
      const start = stride === 1 ? line * TILE : line;
      for (let i = 0; i < TILE; i++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) sum += current[start + ((i + k) & (TILE - 1)) * stride]!;
        next[start + i * stride] = sum;
      }
    }
    current = next;
  }
  return current;
}

function standardise(values: Float32Array): Float32Array {
  let mean = 0;
  for (const value of values) mean += value;
  mean /= values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(variance / values.length);
  return values.map((value) => (value - mean) * scale);
}
