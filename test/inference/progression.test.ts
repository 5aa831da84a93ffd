import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { type InferenceHost, readBundleFor, startInferenceHost } from '../../src/inference/index.js';
import type { RequestOf } from '../../src/inference/tasks/index.js';

const tiny = join(packageRoot, 'test/golden/tiny-progression-bundle');
const [ROWS, COLUMNS] = [72, 112];
const filled = (value: number) => new Float32Array(ROWS * COLUMNS).fill(value);

interface Golden {
  bundle: string;
  remodellerSha256: string;
  knee: { own: number; grade: number; affected: [boolean, boolean] };
  addition: number[][];
}

describe('a remodeller in the inference process', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const remodel = (changes: Partial<RequestOf<'xray-progression'>> = {}) =>
    host.run('xray-progression', {
      ...{ bundleDir: tiny, picture: filled(0.5), space: filled(0), near: filled(1), own: 1, grade: 3 },
      affected: [true, false],
      ...changes,
    });

  it('adds what the grades differ by, more where the joint is affected', async () => {
    const added = await remodel();
    // A hundredth of the window for each grade, and twice as much on the affected side, the image's right.
    expect(added[0]).toBeCloseTo(0.02, 6);
    expect(added[COLUMNS - 1]).toBeCloseTo(0.04, 6);
  });

  it("adds nothing at the film's own grade, nor where nothing is drawn anew", async () => {
    expect((await remodel({ grade: 1 })).every((value) => value === 0)).toBe(true);
    expect((await remodel({ near: filled(0) })).every((value) => value === 0)).toBe(true);
  });

  it.each<[string, Partial<RequestOf<'xray-progression'>>, string]>([
    ['a picture of another size', { picture: new Float32Array(10) }, 'The picture has 10 values; 112 x 72 are needed.'],
    ['a grade that there is not', { grade: 4.5 }, 'The KL grade is 4.5; it is 0 to 4.'],
    ['no grade at all', { own: NaN }, 'The KL grade is NaN; it is 0 to 4.'],
  ])('refuses %s in one sentence', async (_, changes, sentence) => {
    await expect(remodel(changes)).rejects.toThrow(sentence);
  });

  it('fails where the network gives no numbers', async () => {
    await expect(remodel({ picture: filled(NaN) })).rejects.toThrow(
      'The remodeller returned values that are not numbers.',
    );
  });

  it('gives with the shipped bundle what PyTorch gave', async () => {
    const path = join(packageRoot, 'test/golden/remodeller');
    const golden = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Golden;
    const bytes = readFileSync(`${path}.bin`);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const [picture, space, near] = [0, 1, 2].map((place) =>
      values.slice(place * ROWS * COLUMNS, (place + 1) * ROWS * COLUMNS),
    );
    const bundleDir = join(packageRoot, 'models', golden.bundle.replace('@', '/'));
    const { manifest } = await readBundleFor(bundleDir, 'xray-progression');
    expect(manifest.graphs.remodeller.sha256).toBe(golden.remodellerSha256);
    const added = await remodel({ bundleDir, picture: picture!, space: space!, near: near!, ...golden.knee });
    const { amplitude } = manifest.progression;
    golden.addition.forEach((line, row) =>
      line.forEach((value, column) =>
        expect(added[8 * row * COLUMNS + 16 * column]!).toBeCloseTo(value * amplitude, 4),
      ),
    );
  });
});
