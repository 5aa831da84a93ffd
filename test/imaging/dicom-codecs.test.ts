import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/domain/errors.js';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom } from '../../src/imaging/dicom/read.js';

const ROWS = 40;
const COLUMNS = 48;
const stored = Array.from(
  { length: ROWS * COLUMNS },
  (_, i) => (37 * Math.floor(i / COLUMNS) + 101 * (i % COLUMNS)) % 4096,
);

const fixture = (name: string): Buffer => readFileSync(join(packageRoot, 'test/golden/dicom', name));
const CODECS = ['jpeg-ls.dcm', 'jpeg-2000.dcm', 'htj2k.dcm', 'jpeg-lossless.dcm', 'rle.dcm'];

describe('one file leaves nothing behind for the next', () => {
  test.each(CODECS)('after damaged files, a good %s has its exact pixels', async (file) => {
    const good = fixture(file);
    const outcomes = await Promise.all(damaged(good, 30).map(outcomeOf));
    expect(outcomes.some((outcome) => typeof outcome === 'string')).toBe(true);
    for (const outcome of outcomes) expect(String(outcome)).not.toMatch(/overload|register|BindingError|undefined/i);
    expect(await outcomeOf(good)).toEqual(stored);
  });

  test.each(CODECS)('damaged and good files of %s give the same in any order', async (file) => {
    const good = fixture(file);
    const files = [...damaged(good, 30), good];
    const forward = new Map<Buffer, Outcome>();
    for (const bytes of files) forward.set(bytes, await outcomeOf(bytes));
    expect(forward.get(good)).toEqual(stored);
    for (const bytes of files.toReversed()) expect(await outcomeOf(bytes)).toEqual(forward.get(bytes));
  });
});

describe('a compressed image that is not of the size that the header says is refused', () => {
  test('a subsampled JPEG 2000 component, whose other pixels would be foreign memory', async () => {
    expect(await outcomeOf(subsampled(fixture('jpeg-2000.dcm')))).toMatch(
      /^film\.dcm has pixels that cannot be unpacked: its JPEG 2000 component is subsampled by 2 x 2; one value per pixel is read\.$/,
    );
  });
});

type Outcome = number[] | string;

/** The pixels, or the sentence of the refusal. */
async function outcomeOf(bytes: Buffer): Promise<Outcome> {
  try {
    return Array.from((await readDicom({ bytes, name: 'film.dcm' })).pixels);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Copies with a few bits turned in the compressed data, which is the last part of each fixture. */
function damaged(file: Buffer, count: number): Buffer[] {
  const start = file.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])) + 20;
  return Array.from({ length: count }, (_, round) => {
    const bytes = Buffer.from(file);
    for (let hit = 0; hit < 6; hit++) {
      bytes[start + ((round * 977 + hit * 3571) % (bytes.length - start))]! ^= 1 << ((round + hit) % 8);
    }
    return bytes;
  });
}

/** The 48 x 40 component made one of every second column and row of an image of 96 x 80, which the DICOM header then claims. */
function subsampled(file: Buffer): Buffer {
  const bytes = Buffer.from(file);
  const stream = bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
  for (const at of [8, 24]) {
    bytes.writeUInt32BE(2 * COLUMNS, stream + at);
    bytes.writeUInt32BE(2 * ROWS, stream + at + 4);
  }
  bytes.set([2, 2], stream + 43);
  bytes.writeUInt16LE(2 * ROWS, bytes.indexOf(Buffer.from([0x28, 0x00, 0x10, 0x00])) + 8);
  bytes.writeUInt16LE(2 * COLUMNS, bytes.indexOf(Buffer.from([0x28, 0x00, 0x11, 0x00])) + 8);
  return bytes;
}
