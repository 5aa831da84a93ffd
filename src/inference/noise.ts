/*
 * Counter-based Gaussian noise: the same numbers for the same (seed, slice, step) in any order, any batch, any process, and
 * in Python. Philox4x32-10 with Box-Muller on top.
 */
import { philox4x32 } from '../domain/philox.js';

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

/** Two normal numbers from two uniform words. Half a unit is added so that the logarithm never sees zero. */
function boxMuller(x0: number, x1: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log((x0 + 0.5) / TWO_TO_32));
  const angle = 2 * Math.PI * ((x1 + 0.5) / TWO_TO_32);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
