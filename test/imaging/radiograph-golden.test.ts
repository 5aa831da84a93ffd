import type { SquareBox } from '../../src/domain/knee-box.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { radiographInput, type Film } from '../../src/imaging/radiograph/index.js';

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/radiograph.json'), 'utf8')) as {
  cases: { name: string; box: SquareBox; mirror: boolean; values: number[] }[];
};

const ROWS = 300;
const COLUMNS = 420;

/** The formula of test/golden/radiograph.py. */
const film: Film = {
  name: 'film',
  rows: ROWS,
  columns: COLUMNS,
  data: Float32Array.from({ length: ROWS * COLUMNS }, (_, index) => {
    const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
    return ((row * 37 + column * 59 + Math.floor((row * column) / 7)) % 1024) + 4 * row + 3 * column;
  }),
  pixelSpacing: null,
  attributes: null,
};

test.each(golden.cases)('a crop that is $name (mirrored: $mirror) is what training sees', ({ box, mirror, values }) => {
  const input = radiographInput(film, box, mirror ? 'LEFT' : 'RIGHT');
  let worst = 0;
  values.forEach((expected, index) => {
    const [row, column] = [16 * Math.floor(index / 16), 16 * (index % 16)];
    worst = Math.max(worst, Math.abs(input[row * 256 + column]! - expected));
  });
  expect(worst).toBeLessThan(2e-4);
});
