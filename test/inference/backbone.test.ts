import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { openBackbone, startInferenceHost } from '../../src/inference/index.js';
import { frechetDistance, kernelDistance } from '../../src/metrics/index.js';
import type { InferenceHost } from '../../src/inference/index.js';
import type { GreyImage } from '../../src/metrics/index.js';
import { patternImage } from '../metrics/patterns.js';
import { TINY_BUNDLE, tinyRequest } from '../helpers/tiny-bundle.js';

const folder = join(packageRoot, 'test/golden/backbones');
const features = join(folder, 'features.onnx');
const distance = join(folder, 'distance.onnx');

describe("a metric's network", () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const images = Array.from({ length: 20 }, (_, variant) => patternImage('bands', 32, 24, variant));
  const mean = ({ data }: GreyImage) => Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;

  test('gives the features of each image, in several runs of the graph, grey in all channels', async () => {
    const backbone = await openBackbone(host, features, 'FID');
    const rows = await backbone.features(images);
    expect(rows).toHaveLength(20);
    rows.forEach((row, index) => {
      expect(row).toHaveLength(4);
      expect(row[0]).toBeCloseTo(mean(images[index]!), 5);
      expect(row[3]).toBeCloseTo(Math.max(...images[index]!.data), 5);
    });
    expect(backbone.name).toMatch(/^features\.onnx \([0-9a-f]{12}\)$/);
    expect(frechetDistance(rows, rows).value).toBeCloseTo(0, 6);
    expect(kernelDistance(rows.slice(0, 10), rows.slice(10)).value).toBeLessThan(0.01);
  });

  test('gives the distance of each pair', async () => {
    const backbone = await openBackbone(host, distance, 'LPIPS');
    const other = images.map((image) => ({ ...image, data: image.data.map((value) => value - 0.125) }));
    const pairs = await backbone.distances(images, other);
    expect(pairs).toHaveLength(20);
    pairs.forEach((value) => expect(value).toBeCloseTo(0.125, 6));
  });

  test('changes places with another in the same host, beside the bundle that generates', async () => {
    await host.run('xray-to-mri', tinyRequest({ sliceCount: 2, steps: 1 }));
    await (await openBackbone(host, features, 'KID')).features(images.slice(0, 2));
    await (await openBackbone(host, distance, 'LPIPS')).distances(images.slice(0, 2), images.slice(0, 2));
    expect((await host.describe(TINY_BUNDLE)).dir).toBe(TINY_BUNDLE);
  });

  test('is refused with one sentence when it is absent, unreadable, no graph, or of another kind', async () => {
    await expect(openBackbone(host, undefined, 'FID')).rejects.toThrow(
      'FID needs a network that is not shipped: name an ONNX file that takes images to features.',
    );
    await expect(openBackbone(host, 'none.onnx', 'LPIPS')).rejects.toThrow(
      'none.onnx cannot be read as the network for LPIPS.',
    );
    const text = await openBackbone(host, join(packageRoot, 'README.md'), 'KID');
    await expect(text.features(images)).rejects.toThrow(/README\.md is not a graph that ONNX Runtime can load/);
    const two = await openBackbone(host, distance, 'FID');
    await expect(two.features(images)).rejects.toThrow('distance.onnx takes 2 inputs; this metric feeds it 1');
    const one = await openBackbone(host, features, 'LPIPS');
    await expect(one.distances(images, images)).rejects.toThrow('features.onnx takes 1 inputs; this metric feeds it 2');
  });
});
