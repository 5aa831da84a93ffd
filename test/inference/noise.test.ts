import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { philox4x32 } from '../../src/domain/philox.js';
import { gaussianNoise } from '../../src/inference/noise.js';

interface Golden {
  count: number;
  known: { counter: [number, number, number, number]; key: [number, number]; answer: number[] }[];
  draws: { seed: number; slice: number; step: number; first: number[]; sha256: string }[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/noise.json'), 'utf8')) as Golden;

describe('keyed noise', () => {
  it.each(golden.known)("gives Random123's known answer for key $key", ({ counter, key, answer }) => {
    expect(philox4x32(counter, key)).toEqual(answer);
  });

  it.each(golden.draws)('is bit-equal to NumPy for seed $seed, slice $slice, step $step', (draw) => {
    const noise = gaussianNoise(draw.seed, draw.slice, draw.step, golden.count);
    expect(Array.from(noise.subarray(0, draw.first.length))).toEqual(draw.first);
    expect(createHash('sha256').update(new Uint8Array(noise.buffer)).digest('hex')).toBe(draw.sha256);
  });

  it('does not depend on how many numbers are drawn', () => {
    expect(gaussianNoise(1, 2, 3, 9)).toEqual(gaussianNoise(1, 2, 3, 4096).slice(0, 9));
  });

  it('is standard normal', () => {
    const noise = gaussianNoise(11, 0, 0, 200_000);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.01);
  });
});
