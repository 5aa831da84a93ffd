import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { openDetector, readBundleFor, startInferenceHost } from '../../src/inference/index.js';
import type { FoundKnee, InferenceHost } from '../../src/inference/index.js';
import { decodeKnees } from '../../src/inference/tasks/knee-detection/detector.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

describe('reading knees off a heatmap', () => {
  const [rows, columns] = [4, 6];
  const heatmap = new Float32Array(rows * columns).fill(0.01);
  const boxes = new Float32Array(3 * rows * columns);
  const set = (row: number, column: number, confidence: number, box: [number, number, number]) => {
    const cell = row * columns + column;
    heatmap[cell] = confidence;
    box.forEach((value, plane) => (boxes[plane * rows * columns + cell] = value));
  };
  set(1, 1, 0.9, [10, 12, 50]);
  set(1, 2, 0.3, [14, 12, 54]);
  set(3, 5, 0.6, [44, 28, 40]);

  it('gives its peaks, surest first, each with the mean box around it weighted by the scores', () => {
    const dims = [1, 1, rows, columns];
    const [first, second] = decodeKnees({ data: heatmap, dims }, { data: boxes, dims: [1, 3, rows, columns] });
    expect(first!.confidence).toBeCloseTo(0.9, 6);
    expect(first!.column).toBeCloseTo((0.9 * 10 + 0.3 * 14) / (0.9 + 0.3 + 7 * 0.01), 4);
    expect(second!.confidence).toBeCloseTo(0.6, 6);
    expect(second!.side).toBeCloseTo((0.6 * 40) / (0.6 + 3 * 0.01), 4);
  });
});

const golden = join(packageRoot, 'test/golden/detector');

describe('the shipped knee detector', () => {
  const { bundle, detectorSha256, film, knees } = JSON.parse(readFileSync(`${golden}.json`, 'utf8')) as {
    bundle: string;
    detectorSha256: string;
    film: { rows: number; columns: number };
    knees: FoundKnee[];
  };
  const dir = join(packageRoot, 'models', ...bundle.split('@'));
  const input = Float32Array.from(readFileSync(`${golden}.bin`), (value) => value / 127.5 - 1);
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  it('finds in ONNX Runtime what PyTorch finds, beside a generator that stays loaded', async () => {
    expect((await readBundleFor(dir, 'knee-detection')).manifest.graphs.detector.sha256).toBe(detectorSha256);
    await host.describe(TINY_BUNDLE);
    const before = host.pid;
    const detector = await openDetector(host, dir);
    expect([detector.rows, detector.columns]).toEqual([film.rows, film.columns]);
    const { knees: found, view } = await detector.look(input);
    expect(view).toBeNull();
    expect(found.filter(({ confidence }) => confidence >= detector.threshold)).toHaveLength(2);
    found.slice(0, 2).forEach((knee, index) => {
      expect(Math.abs(knee.confidence - knees[index]!.confidence)).toBeLessThan(1e-3);
      for (const key of ['column', 'row', 'side'] as const) {
        expect(Math.abs(knee[key] - knees[index]![key])).toBeLessThan(0.01);
      }
    });
    expect(host.pid).toBe(before);
  });

  it('refuses a film of another size, and a generator in its place', async () => {
    await expect(host.run('knee-detection', { bundleDir: dir, film: new Float32Array(100) })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    await expect(host.run('knee-detection', { bundleDir: TINY_BUNDLE, film: input })).rejects.toThrow(
      /of the task xray-to-mri, where one of knee-detection is needed/,
    );
  });
});
