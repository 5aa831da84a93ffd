import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { packageRoot } from '../../src/domain/package.js';
import { loadRadiograph } from '../../src/imaging/radiograph/index.js';

/** Written, and read for comparison, by Pillow: test/golden/pictures.py. */
const folder = join(packageRoot, 'test/golden/pictures');
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
  string,
  { rows: number; columns: number; sum: number; row: number[] }
>;
const [ROWS, COLUMNS] = [70, 90];

test.each(Object.keys(expected))('%s is the film that Pillow sees', async (file) => {
  const { rows, columns, data, pixelSpacing } = await loadRadiograph(join(folder, file));
  const { sum, row, ...size } = expected[file]!;

  expect({ rows, columns, pixelSpacing }).toEqual({ ...size, pixelSpacing: null });
  // Two decoders of JPEG differ by a level here and there.
  expect(Math.abs(data.reduce((a, b) => a + b, 0) - sum) / data.length).toBeLessThan(0.1);
  const off = row.map((value, column) => Math.abs(value - data[20 * columns + column]!));
  expect(Math.max(...off)).toBeLessThanOrEqual(2);
});

const eight = (row: number, column: number) => (2 * row + column) & 255;
test.each<[string, (row: number, column: number) => number]>([
  ['lzw-8.tif', eight],
  ['white-is-zero.tif', eight],
  ['deflate-16.tif', (row, column) => 900 * row + 7 * column],
  [
    'colour.tif',
    (row, column) => {
      const red = eight(row, column);
      return Math.round(0.299 * red + 0.587 * (255 - red) + 0.114 * Math.floor(red / 2));
    },
  ],
])('%s keeps every grey value', async (file, value) => {
  const { rows, columns, data } = await loadRadiograph(join(folder, file));

  expect([rows, columns]).toEqual([ROWS, COLUMNS]);
  expect(data).toEqual(Float32Array.from(data, (_, at) => value(Math.floor(at / COLUMNS), at % COLUMNS)));
});

test.each([8, 16])('an interlaced PNG of %s bits keeps every grey value', async (bits) => {
  const numbers = Array.from({ length: ROWS * COLUMNS }, (_, at) => (at * 7) % 251);
  const values = bits === 8 ? Uint8Array.from(numbers) : Uint16Array.from(numbers);
  const raw = { width: COLUMNS, height: ROWS, channels: 1 as const };
  const space = bits === 8 ? 'b-w' : 'grey16';
  const bytes = await sharp(values, { raw }).toColourspace(space).png({ progressive: true }).toBuffer();
  expect(bytes[28]).toBe(1);

  const { data } = await loadRadiograph({ bytes, name: 'interlaced.png' });

  expect(data).toEqual(Float32Array.from(values));
});

test.each([
  ['float.tif', 'float.tif cannot be unpacked: its pixels are of the kind "float"; 8 or 16 bits are read.'],
  ['two-pages.tif', 'two-pages.tif cannot be unpacked: it holds 2 pages where a radiograph is one.'],
])('%s is refused', async (file, message) => {
  await expect(loadRadiograph(join(folder, file))).rejects.toThrow(message);
});

test.each(['grey.jpg', 'deflate-16.tif'])('half of %s is refused', async (file) => {
  const whole = await readFile(join(folder, file));

  await expect(loadRadiograph({ bytes: whole.subarray(0, whole.length / 2), name: file })).rejects.toThrow(
    `${file} cannot be unpacked: it is damaged, cut short, or of a kind that is not read.`,
  );
});

test('a picture that claims more pixels than are accepted is refused before any is unpacked', async () => {
  const tiff = await readFile(join(folder, 'lzw-8.tif'));
  // Width and height are the first two entries of the directory that the header points to.
  const at = tiff.readUInt32LE(4) + 2;
  const bytes = Buffer.from(tiff);
  for (const entry of [0, 1]) {
    bytes.writeUInt16LE(4, at + 12 * entry + 2);
    bytes.writeUInt32LE(30_000, at + 12 * entry + 8);
  }

  await expect(loadRadiograph({ bytes, name: 'huge.tif' })).rejects.toThrow(
    'huge.tif cannot be unpacked: it claims 30000 x 30000 pixels; at most 67108864 are accepted.',
  );
});
