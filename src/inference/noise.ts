/**
 * Counter-based Gaussian noise: the same numbers for the same (seed, slice, step) in any order, any batch, any process, and
 * in Python. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with Box-Muller on top.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_TO_32 = 2 ** 32;

/**
 * Standard normal numbers for one slice and one step: element k depends only on (seed, slice, step, k).
 *
 * The key is (seed mod 2^32, floor(seed / 2^32)), the counter (k div 4, slice, step, 0). Step 0 is the initial latent; noise
 * injected after sampler step i has step i + 1.
 *
 * @param seed a safe integer >= 0
 * @param count how many numbers
 */
export function gaussianNoise(seed: number, slice: number, step: number, count: number): Float32Array {
  const noise = new Float32Array(count);
  const keyLow = seed >>> 0;
  const keyHigh = Math.floor(seed / TWO_TO_32);
  for (let block = 0; block * 4 < count; block++) {
    const [x0, x1, x2, x3] = philox4x32([block, slice, step, 0], [keyLow, keyHigh]);
    const first = boxMuller(x0, x1);
    const second = boxMuller(x2, x3);
    // Writes past the end of a typed array are ignored, which cuts a last block that is only partly needed.
    noise[block * 4] = first[0];
    noise[block * 4 + 1] = first[1];
    noise[block * 4 + 2] = second[0];
    noise[block * 4 + 3] = second[1];
  }
  return noise;
}

/** Four 32-bit words of a Philox4x32-10 stream: the block function itself, for a counter and key of 32-bit words. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Two normal numbers from two uniform words. Half a unit is added so that the logarithm never sees zero. */
function boxMuller(x0: number, x1: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log((x0 + 0.5) / TWO_TO_32));
  const angle = 2 * Math.PI * ((x1 + 0.5) / TWO_TO_32);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Upper 32 bits of the 64-bit product of two 32-bit words, from 16-bit halves: no sum on the way exceeds 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}
