import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grades } from '../../src/domain/features.js';
import { packageRoot } from '../../src/domain/package.js';
import { readBundleFor, startInferenceHost } from '../../src/inference/index.js';

/** What `python -m osteograph_training export --golden` writes beside the binary file. */
interface Golden {
  bundle: string;
  denoiserSha256: string;
  seed: number;
  steps: number;
  slices: number;
  grades: Grades;
  imageScale: number;
  arrays: { name: string; offset: number; shape: number[] }[];
}

it.each(['bundle-sample', 'bundle-sample-1.1', 'bundle-sample-1.2'])(
  'samples the volume that PyTorch samples from the same weights, film, grades and seed: %s',
  async (name) => {
    const path = join(packageRoot, 'test/golden', name);
    const golden = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Golden;
    const binary = await readFile(`${path}.bin`);
    const host = await startInferenceHost({ device: 'cpu' });
    try {
      const bundleDir = join(packageRoot, 'models', ...golden.bundle.split('@'));
      expect((await readBundleFor(bundleDir, 'xray-to-mri')).manifest.graphs.denoiser.sha256).toBe(
        golden.denoiserSha256,
      );
      const film = new Uint8Array(binary.buffer, binary.byteOffset + offsetIn(golden, 'xray'), 256 * 256);
      const request = {
        bundleDir,
        xray: Float32Array.from(film, (value) => value / 127.5 - 1),
        grades: golden.grades,
        sliceCount: golden.slices,
        steps: golden.steps,
        seed: golden.seed,
        noise: 'SHARED' as const,
      };
      let largest = 0;
      await host.run('xray-to-mri', request, {
        onOutput: ({ index, image }) => {
          image.forEach((value, pixel) => {
            const place = offsetIn(golden, 'images') + 2 * (index * image.length + pixel);
            largest = Math.max(largest, Math.abs(value - binary.readUInt16LE(place) / golden.imageScale));
          });
        },
      });
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThan(1e-3);
    } finally {
      await host.close();
    }
  },
);

it('gives the volume of 1.1.0 where no grade is told, since 1.2.0 adds what grades say', async () => {
  const [before, now, graded] = await Promise.all([
    slices('1.1.0', {}),
    slices('1.2.0', {}),
    slices('1.2.0', { XRKL: 4, XRJSM: 3, XRSCTM: 3 }),
  ]);
  const farthest = (one: Float32Array[], other: Float32Array[]) =>
    Math.max(
      ...one.map((image, at) =>
        image.reduce((most, value, pixel) => Math.max(most, Math.abs(value - other[at]![pixel]!)), 0),
      ),
    );
  // The stored scales of some weights differ in their last bits.
  expect(farthest(now, before)).toBeLessThan(1e-5);
  expect(farthest(graded, before)).toBeGreaterThan(0.05);
});

/** Three slices of one film. */
async function slices(version: string, grades: Grades): Promise<Float32Array[]> {
  const film = await readFile(join(packageRoot, 'test/golden/bundle-sample-1.2.bin'));
  const host = await startInferenceHost({ device: 'cpu', threads: 1 });
  try {
    const images: Float32Array[] = [];
    const request = {
      bundleDir: join(packageRoot, 'models/knee-xray2mri-demo', version),
      xray: Float32Array.from(film.subarray(0, 256 * 256), (value) => value / 127.5 - 1),
      grades,
      sliceCount: 3,
      steps: 1,
      seed: 7,
      noise: 'SHARED' as const,
    };
    await host.run('xray-to-mri', request, { onOutput: ({ index, image }) => void (images[index] = image) });
    return images;
  } finally {
    await host.close();
  }
}

/** Where an array starts in the binary file. */
function offsetIn(golden: Golden, name: string): number {
  return golden.arrays.find((array) => array.name === name)!.offset;
}
