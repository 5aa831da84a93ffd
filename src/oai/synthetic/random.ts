/**
 * Deterministic random streams. A stream is named by a list of keys (release seed, participant, purpose ...), so what one part
 * of the phantom draws never depends on how much another part drew before it.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(...keys: readonly (number | string)[]) {
    this.a = hashKeys(keys, 0x9e3779b9);
    this.b = hashKeys(keys, 0x243f6a88);
    this.c = hashKeys(keys, 0xb7e15162);
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 random bits as an unsigned integer (sfc32 by Chris Doty-Humphrey, a counter-driven generator). */
  bits(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Normal, truncated at 2.5 standard deviations so that no knee is a monster. */
  normal(mean: number, sd: number): number {
    return mean + sd * Math.max(-2.5, Math.min(2.5, this.gaussian()));
  }

  /** Standard normal, not truncated (Box-Muller). */
  gaussian(): number {
    return Math.sqrt(-2 * Math.log((this.bits() + 0.5) / 4294967296)) * Math.cos(2 * Math.PI * this.uniform());
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Uniform integer in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Index drawn in proportion to `weights`. */
  weighted(weights: readonly number[]): number {
    return weightedIndex(weights, this.uniform());
  }
}

/** Index of the weight in which the quantile `u` in [0, 1) falls: one draw stays monotone when weights move upwards. */
export function weightedIndex(weights: readonly number[], u: number): number {
  let left = u * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length - 1; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

/** Standard normals to pick from at random: per-voxel noise needs millions of them. */
export const GAUSSIANS: Float32Array = gaussianTable(1 << 16);

function gaussianTable(size: number): Float32Array {
  const random = new Random('gaussian table');
  return Float32Array.from({ length: size }, () => random.gaussian());
}

function hashKeys(keys: readonly (number | string)[], start: number): number {
  let hash = start | 0;
  for (const char of keys.join('\u0001')) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    hash ^= hash >>> 13;
  }
  return hash;
}
