import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { InferenceHost, VolumeRequest } from '../../src/inference/index.js';
import { listBundles, startInferenceHost } from '../../src/inference/index.js';
import { tinyRequest } from '../helpers/tiny-bundle.js';

const listings = await listBundles(join(packageRoot, 'models'));
const generators = listings.flatMap((listing) =>
  'bundle' in listing && listing.bundle.manifest.task === 'xray-to-mri' ? [listing.bundle] : [],
);

it('no shipped bundle is refused, and there is one', () => {
  expect(listings.flatMap((listing) => ('refusal' in listing ? [listing.refusal.message] : []))).toEqual([]);
  expect(listings.length).toBeGreaterThan(0);
});

describe.each(generators)('$dir', (bundle) => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu' });
  });
  afterAll(() => host.close());

  it('gives one result whatever the batch size and whichever slices are missing', async () => {
    const whole = await digests({ batchSize: 4 });
    expect(await digests({ batchSize: 1 })).toEqual(whole);
    expect(await digests({ batchSize: 7 })).toEqual(whole);
    expect(await digests({ batchSize: 4, skip: [0, 1, 2, 5] })).toEqual([3, 4, 6].map((index) => whole[index]));
  });

  /** Hashes of the slices of a small volume, in order. */
  async function digests(changes: Partial<VolumeRequest>): Promise<string[]> {
    const hashes: string[] = [];
    const request = tinyRequest({ bundleDir: bundle.dir, sliceCount: 7, steps: 2, ...changes });
    await host.run('xray-to-mri', request, {
      onOutput: ({ image }) =>
        void hashes.push(createHash('sha256').update(new Uint8Array(image.buffer)).digest('hex')),
    });
    return hashes;
  }
});
