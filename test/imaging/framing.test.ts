import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SquareBox } from '../../src/domain/knee-box.js';
import { packageRoot } from '../../src/domain/package.js';
import { kneeBox, loadRadiograph } from '../../src/imaging/radiograph/index.js';

/** test/golden/film_joint_space.py */
const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/film-joint-space.json'), 'utf8')) as Record<
  'synthetic' | 'real',
  { file: string; framed: SquareBox | null }[]
>;
const xrays = join(packageRoot, '../shared/data/xrays');
const withFilms = existsSync(xrays) ? describe : describe.skip;

async function expectFramed(path: string, framed: SquareBox): Promise<void> {
  const box = await kneeBox(await loadRadiograph(path), { side: 'RIGHT', reframe: true });
  for (const key of ['left', 'top', 'side'] as const) expect(box[key]).toBeCloseTo(framed[key], 4);
}

test('a synthetic crop whose joint lies in its place stays as it is, as in Python', async () => {
  const { file, framed } = golden.synthetic.find(({ file }) => file === 'negative-R.png')!;
  expect(framed).toEqual({ left: 0, top: 0, side: 112 });
  await expectFramed(join(packageRoot, 'test/golden/films', file), framed!);
});

withFilms('real crops, which hold the joint below their middle (skipped where ../shared/data is absent)', () => {
  test.each(golden.real)('$file is framed as Python frames it', async ({ file, framed }) => {
    expect(framed!.top).toBeGreaterThan(5);
    await expectFramed(join(xrays, file), framed!);
  });
});
