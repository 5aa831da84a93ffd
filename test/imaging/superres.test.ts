import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { blockMeans, blockOf, estimateBias, logBiasAt } from '../../src/imaging/superres/bias.js';
import { displacement, type Gradients, parseGradients, readGradients } from '../../src/imaging/superres/gradients.js';
import { keepTaken } from '../../src/imaging/superres/keep-taken.js';
import { sampleSlices } from '../../src/imaging/superres/sample.js';
import { enlarge } from '../../src/imaging/restoration/index.js';
import { FoldedField, unwarper } from '../../src/imaging/superres/unwarp.js';
import type { Affine } from '../../src/imaging/volume.js';
import { inventedKnee } from '../helpers/invented-slices.js';

interface Golden {
  coefficients: Gradients;
  axes: Record<'right' | 'down' | 'through' | 'origin', [number, number, number]>;
  displacement: { point: number[]; moved: number[] }[];
  unwarped: { source: number[][][]; jacobian: number[][]; values: number[][] };
  bias: { weights: number[]; field: number[][] };
  kept: number[][];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/superres.json'), 'utf8')) as Golden;
const [rows, columns, slices] = [40, 48, 6];
const { right, down, through, origin } = golden.axes;
const affine: Affine = [0, 1, 2].flatMap((axis) => [
  right[axis]!,
  down[axis]!,
  through[axis]!,
  origin[axis]!,
]) as unknown as Affine;
const gradients = parseGradients(golden.coefficients, 'scanner.json');
const grid = { rows, columns, fineRows: 2 * rows, fineColumns: 2 * columns };

describe('gradient nonlinearity', () => {
  it('displaces points as gradunwarp does', () => {
    for (const { point, moved } of golden.displacement) {
      displacement(gradients, point).forEach((mm, axis) => expect(mm).toBeCloseTo(moved[axis]!, 9));
    }
  });

  it('says where each fine pixel was imaged, and by how much the image is compressed there', () => {
    const field = unwarper(gradients, affine, grid)(2);
    golden.unwarped.source.forEach((line, row) =>
      line.forEach(([column, at, slice], place) => {
        const pixel = 16 * row * grid.fineColumns + 16 * place;
        expect(field.column[pixel]).toBeCloseTo(column!, 4);
        expect(field.row[pixel]).toBeCloseTo(at!, 4);
        expect(field.slice[pixel]).toBeCloseTo(slice!, 4);
      }),
    );
    golden.unwarped.jacobian.forEach((line, row) =>
      line.forEach((value, place) =>
        expect(field.jacobian[(16 * row + 8) * grid.fineColumns + 16 * place + 8]).toBeCloseTo(value, 4),
      ),
    );
  });

  it('unwarps a slice by cubic convolution in plane, linearly between slices', async () => {
    const volume = inventedKnee();
    const field = unwarper(gradients, affine, grid)(2);
    const found = await sampleSlices((index) => Promise.resolve(volume[index]!), { rows, columns, slices }, field);
    golden.unwarped.values.forEach((line, row) =>
      line.forEach((value, place) =>
        expect(Math.abs(found[8 * row * grid.fineColumns + 8 * place]! - value)).toBeLessThan(0.02),
      ),
    );
  });

  it('refuses a field that folds: the coefficients are not of this scanner', () => {
    const wild = { ...gradients, coils: { ...gradients.coils, x: [{ n: 3, m: 1, a: 40, b: 0 }] } };
    expect(() => unwarper(wild, affine, grid)(2)).toThrow(FoldedField);
  });
});

describe('a file of coefficients', () => {
  let dir: string;
  beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'gradients-'))));
  afterAll(() => rm(dir, { recursive: true }));

  const written = async (text: string) => {
    const path = join(dir, 'scanner.json');
    await writeFile(path, text);
    return readGradients(path);
  };

  it('is read', async () => {
    const text = JSON.stringify(golden.coefficients);
    const digest = execFileSync('sha256sum', { input: text, encoding: 'utf8' }).slice(0, 64);
    expect(await written(text)).toEqual({
      gradients: golden.coefficients,
      digest: { scanner: 'Invented coils, for tests', sha256: digest },
    });
  });

  it.each([
    [
      'text',
      'no JSON',
      'scanner.json cannot be read as gradient coefficients: a JSON file of osteograph-gradients/1 is expected.',
    ],
    [
      'another format',
      JSON.stringify({ ...golden.coefficients, format: 'other/1' }),
      'scanner.json is no file of gradient coefficients: format Invalid input: expected "osteograph-gradients/1".',
    ],
    ...['a\u0000b', 'two\nlines', 'half \ud83e'].map((scanner): [string, string, string] => [
      `a scanner called ${JSON.stringify(scanner)}`,
      JSON.stringify({ ...golden.coefficients, scanner }),
      'scanner.json is no file of gradient coefficients: scanner holds control characters.',
    ]),
    [
      'an order beyond five',
      JSON.stringify({ ...golden.coefficients, coils: { x: [{ n: 7, m: 1, a: 0.1, b: 0 }], y: [], z: [] } }),
      'scanner.json is no file of gradient coefficients: coils.x.0.n Too big: expected number to be <=5.',
    ],
    [
      'a degree above its order',
      JSON.stringify({ ...golden.coefficients, coils: { x: [{ n: 3, m: 4, a: 0.1, b: 0 }], y: [], z: [] } }),
      'scanner.json is no file of gradient coefficients: coils.x.0.m is larger than n.',
    ],
    [
      'more than any scanner needs',
      `${JSON.stringify(golden.coefficients)}${' '.repeat(65_536)}`,
      'scanner.json is no file of gradient coefficients: it has 65866 characters, more than 65536.',
    ],
  ])('is refused in one sentence: %s', async (_, text, sentence) => {
    await expect(written(text)).rejects.toThrow(sentence);
  });

  it('that is not there is refused', async () => {
    await expect(readGradients(join(dir, 'none.json'))).rejects.toThrow('none.json cannot be read');
  });
});

describe('the bias estimated from the image', () => {
  const data = inventedKnee().map((slice) => blockMeans(slice, rows, columns));
  const series = { columns, rows, slices, block: blockOf(rows, columns), data };

  it('is the one that the training package finds', () => {
    const bias = estimateBias(series);
    bias.weights.forEach((weight, one) => expect(weight).toBeCloseTo(golden.bias.weights[one]!, 7));
    const places = Array.from({ length: 30 }, (_, place) => [8 * (place % 6), 8 * Math.floor(place / 6)] as const);
    const found = logBiasAt(
      bias,
      3,
      places.map(([column]) => column),
      places.map(([, row]) => row),
    );
    expect([...found].map((value) => value.toFixed(5))).toEqual(
      golden.bias.field.flat().map((value) => value.toFixed(5)),
    );
  });

  it('is none in air', () => {
    const air = data.map((slice) => slice.map(() => 0));
    expect(estimateBias({ ...series, data: air }).weights.every((weight) => weight === 0)).toBe(true);
  });
});

describe('what was taken', () => {
  const { abs, cos, floor, sin } = Math;
  const image = (rows: number, columns: number, value: (row: number, column: number) => number) =>
    Float32Array.from({ length: rows * columns }, (_, pixel) => value(floor(pixel / columns), pixel % columns));
  const made = {
    rows,
    columns,
    data: image(rows, columns, (y, x) => 0.5 + 0.3 * sin((y - 0.5) / 6) * cos((x - 0.5) / 8)),
  };
  const half = { rows: rows / 2, columns: columns / 2 };

  it('is put back where noise does not explain that it is lost, as the training package does', () => {
    const stripe = (y: number, x: number) => (abs(y - x) < 2 ? 0.2 : 0) + 0.02 * (((7 * y + 5 * x) % 11) / 5 - 1);
    const taken = image(half.rows, half.columns, (y, x) => 0.5 + 0.3 * sin(y / 3) * cos(x / 4) + stripe(y, x));
    const enlarged = enlarge({ ...half, data: taken }, rows, columns).data;
    const gain = image(rows, columns, (_, x) => 1 + x / columns);
    const kept = keepTaken(made, { ...half, enlarged, noise: 0.02, gain });
    golden.kept.forEach((line, row) =>
      line.forEach((value, column) => expect(kept.data[4 * row * columns + 4 * column]).toBeCloseTo(value, 5)),
    );
  });

  it('is not put back where noise explains the difference: the network took it off', () => {
    const enlarged = made.data.map((value, pixel) => value + (pixel % 2 === 0 ? 0.01 : -0.01));
    expect(keepTaken(made, { ...half, enlarged, noise: 0.02 }).data).toEqual(made.data);
  });
});
