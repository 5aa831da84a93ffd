import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { UserError } from '../../src/domain/errors.js';
import { packageRoot } from '../../src/domain/package.js';
import { deidentifyDicom } from '../../src/imaging/deidentification/index.js';
import { parseDicom, readDicom, readDicomHeader } from '../../src/imaging/dicom/read.js';
import type { DicomKeywords } from '../../src/imaging/dicom/write.js';
import { filmFile } from '../helpers/oai-files.js';

const ROWS = 40;
const COLUMNS = 48;
const stored = Array.from(
  { length: ROWS * COLUMNS },
  (_, i) => (37 * Math.floor(i / COLUMNS) + 101 * (i % COLUMNS)) % 4096,
);
const realSeries = join(packageRoot, '../shared/data/mri-knee-sagittal-dicom');

const fixture = (name: string): Buffer => readFileSync(join(packageRoot, 'test/golden/dicom', name));
const read = (bytes: Uint8Array) => readDicom({ bytes, name: 'film.dcm' });

describe('reading pixels', () => {
  test.each([
    ['implicit little endian', 'implicit-little.dcm'],
    ['explicit little endian', 'explicit-little.dcm'],
    ['explicit big endian', 'explicit-big.dcm'],
    ['deflated', 'deflated.dcm'],
    ['RLE', 'rle.dcm'],
    ['JPEG lossless, selection value 1', 'jpeg-lossless.dcm'],
    ['JPEG lossless, process 14', 'jpeg-lossless-14.dcm'],
    ['JPEG-LS', 'jpeg-ls.dcm'],
    ['JPEG 2000', 'jpeg-2000.dcm'],
    ['High-Throughput JPEG 2000', 'htj2k.dcm'],
    ['12 bits with an overlay in the upper four', 'overlay-bits.dcm'],
  ])('%s gives the stored numbers', async (_, file) => {
    const { attributes, pixels } = await read(fixture(file));
    expect([attributes.rows, attributes.columns, attributes.pixelSpacing]).toEqual([ROWS, COLUMNS, [0.5, 0.25]]);
    expect(pixels).toBeInstanceOf(Uint16Array);
    expect(Array.from(pixels)).toEqual(stored);
  });

  test('MONOCHROME1 is inverted, so that bone is bright', async () => {
    const { pixels } = await read(fixture('monochrome1.dcm'));
    expect(Array.from(pixels)).toEqual(stored.map((value) => 4095 - value));
  });

  test('8-bit pixels are read', async () => {
    const { pixels } = await read(fixture('bytes.dcm'));
    expect(Array.from(pixels)).toEqual(stored.map((value) => value % 256));
  });

  test('signed pixels are sign-extended and rescaled to whole numbers', async () => {
    const { pixels } = await read(fixture('signed-rescaled.dcm'));
    expect(pixels).toBeInstanceOf(Int16Array);
    expect(Array.from(pixels)).toEqual(stored.map((value) => 2 * (value - 2048) - 10));
  });

  test('a fractional rescale slope gives floats', async () => {
    const { pixels } = await read(fixture('rescaled-float.dcm'));
    expect(pixels).toBeInstanceOf(Float32Array);
    expect(Array.from(pixels)).toEqual(stored.map((value) => value / 2 + 0.25));
  });

  test('a header can be read alone, from a path', async () => {
    const header = await readDicomHeader(join(packageRoot, 'test/golden/dicom/jpeg-2000.dcm'));
    expect(header).toMatchObject({ modality: 'OT', patientId: 'TEST', rows: ROWS, columns: COLUMNS, synthetic: false });
  });

  test('a header longer than the first read, and one before many pixels, are read from a path', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'osteograph-'));
    try {
      const plain = fixture('explicit-little.dcm');
      const big = withElement(withElement(plain, 0x0028, 0x0010, u16(1000)), 0x0028, 0x0011, u16(1000));
      const pixels = find(big, 0x7fe0, 0x0010);
      // A private element of 300 kB: tag (0029,1010), VR OB, 4-byte length.
      const padding = Buffer.concat([u16(0x0029), u16(0x1010), text('OB\0\0'), u32(300_000), Buffer.alloc(300_000)]);
      const body = Buffer.concat([big.subarray(pixels, pixels + 8), u32(2_000_000), Buffer.alloc(2_000_000)]);
      writeFileSync(join(folder, 'many-pixels'), Buffer.concat([big.subarray(0, pixels), body]));
      writeFileSync(join(folder, 'long-header'), Buffer.concat([big.subarray(0, pixels), padding, body]));
      for (const file of ['many-pixels', 'long-header']) {
        expect(await readDicomHeader(join(folder, file))).toMatchObject({
          rows: 1000,
          columns: 1000,
          patientId: 'TEST',
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  (existsSync(realSeries) ? test : test.skip)(
    'a real big-endian MRI slice of ../shared/data has the sum that pydicom gives',
    async () => {
      const { pixels, attributes } = await readDicom(join(realSeries, '001.dcm'));
      expect(attributes.transferSyntax).toBe('1.2.840.10008.1.2.2');
      expect(Array.from(pixels).reduce((sum, value) => sum + value, 0)).toBe(59456094);
    },
  );
});

describe('a hostile file is refused with one sentence', () => {
  const plain = fixture('explicit-little.dcm');

  test.each([
    ['not a DICOM file', Buffer.from('ID|SIDE\r\n1000001|1: Right\r\n'), /is not a DICOM file/],
    ['nothing', Buffer.alloc(0), /is not a DICOM file/],
    ['a file cut inside its header', plain.subarray(0, 300), /damaged or truncated|lacks/],
    ['a file cut inside its pixels', plain.subarray(0, plain.length - 1000), /truncated/],
    ['Rows beyond the data', withElement(plain, 0x0028, 0x0010, u16(9000)), /truncated or lies about its size/],
    [
      'a pixel bomb',
      withElement(withElement(plain, 0x0028, 0x0010, u16(65535)), 0x0028, 0x0011, u16(65535)),
      /at most/,
    ],
    ['no rows', withElement(plain, 0x0028, 0x0010, u16(0)), /impossible size/],
    ['an unknown photometric', withElement(plain, 0x0028, 0x0004, text('YBR_FULL    ')), /only grey images/],
    ['a colour image', fixture('colour.dcm'), /only grey images/],
    ['32-bit pixels', withElement(plain, 0x0028, 0x0100, u16(32)), /1 to 16 bits/],
    ['stored bits outside the sample', withElement(plain, 0x0028, 0x0102, u16(200)), /1 to 16 bits/],
    ['a spacing that is not a number', withElement(plain, 0x0028, 0x0030, text('NaN\\0.25')), /not a number/],
    ['a spacing of zero', withElement(plain, 0x0028, 0x0030, text('0\\0.25  ')), /pixel spacing of 0/],
    ['an unread transfer syntax', withSyntax(plain, '1.2.840.10008.1.2.4.100'), /is not read/],
    [
      'a transfer syntax with a line break in it',
      withSyntax(plain, '1.2.840.1\n0008.1.2.4.5'),
      /1\.2\.840\.1\ufffd0008/,
    ],
    ['a missing element', renamed(plain, 0x0028, 0x0010, 0x0013), /lacks the DICOM element Rows/],
    ['no pixel data', renamed(plain, 0x7fe0, 0x0010, 0x0012), /holds no pixel data/],
    ['a JPEG 2000 image cut short', truncatedFragment(fixture('jpeg-2000.dcm'), 90), /cannot be unpacked|damaged/],
    [
      'a JPEG lossless image of another size',
      withElement(fixture('jpeg-lossless.dcm'), 0x0028, 0x0010, u16(41)),
      /cannot be unpacked: it holds 48 x 40/,
    ],
    [
      'a lossy JPEG image of 12 bits',
      fixture('jpeg-extended-12.dcm'),
      /cannot be unpacked: its JPEG image has 12 bits; lossy JPEG is read with 8/,
    ],
    [
      'a JPEG image of another size',
      withElement(fixture('jpeg-baseline.dcm'), 0x0028, 0x0010, u16(41)),
      /cannot be unpacked: it holds 48 x 40/,
    ],
    [
      'a JPEG-LS image of another size',
      withElement(fixture('jpeg-ls.dcm'), 0x0028, 0x0011, u16(47)),
      /cannot be unpacked: it holds 48 x 40/,
    ],
    [
      'an RLE image that is too short',
      withElement(fixture('rle.dcm'), 0x0028, 0x0010, u16(4000)),
      /cannot be unpacked: it ends after/,
    ],
    ['a deflate bomb', deflateBomb(), /damaged or truncated/],
  ])('%s', async (_, bytes, message) => {
    const error = await read(bytes).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('FILE_REFUSED');
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toMatch(/^film\.dcm .*[^.]\.$/);
  });

  test.each([
    ['padded.dcm', (value: number) => value],
    ['padded-monochrome1.dcm', (value: number) => 4095 - value],
  ])('padding of %s is black where a film is read, and as stored elsewhere', async (file, seen) => {
    const shown = (await readDicom({ bytes: fixture(file), name: 'film.dcm' }, true)).pixels;
    const plainly = (await read(fixture(file))).pixels;
    const rest = stored.slice(600).map(seen);

    expect(Array.from(shown.slice(600))).toEqual(rest);
    expect(new Set(shown.slice(0, 600))).toEqual(new Set([Math.min(...rest)]));
    expect([plainly[0], plainly[300]]).toEqual([seen(4095), seen(4094)]);
  });

  test.each([
    ['padded.dcm', (value: number) => value],
    ['padded-monochrome1.dcm', (value: number) => 4095 - value],
  ])('padding of %s beyond the stored bits is black as well, also in the kept object', async (name, seen) => {
    const file = Buffer.from(fixture(name));
    const { elements } = parseDicom(file, name).dataSet;
    for (const tag of ['x00280120', 'x00280121']) file.writeUInt16LE(65_535, elements[tag]!.dataOffset);
    for (let at = 0; at < 1200; at += 2) file.writeUInt16LE(65_535, elements['x7fe00010']!.dataOffset + at);
    const subject = { pseudonym: '9000001', daysBack: 1, uidKey: Buffer.alloc(32), synthetic: false, redact: [] };
    const kept = await deidentifyDicom({ bytes: file, name }, subject);
    const rest = stored.slice(600).map(seen);

    for (const bytes of [file, kept.bytes!]) {
      const { pixels } = await readDicom({ bytes, name }, true);
      expect(Array.from(pixels)).toEqual([...new Array<number>(600).fill(Math.min(...rest)), ...rest]);
    }
  });

  test('a Pixel Spacing of zeros gives way to the Imager Pixel Spacing, and is refused without one', async () => {
    const spacing = async (elements: DicomKeywords) =>
      (await readDicomHeader({ bytes: filmFile('', '1', { elements }), name: 'film.dcm' })).pixelSpacing;
    expect(await spacing({ PixelSpacing: ['0', '0'], ImagerPixelSpacing: ['0.14', '0.14'] })).toEqual([0.14, 0.14]);
    expect(await spacing({ PixelSpacing: ['0.2', '0.2'], ImagerPixelSpacing: ['0.14', '0.14'] })).toEqual([0.2, 0.2]);
    await expect(spacing({ PixelSpacing: ['0', '0'] })).rejects.toThrow('film.dcm has a pixel spacing of 0 x 0 mm');
    await expect(spacing({ PixelSpacing: ['0', '0'], ImagerPixelSpacing: ['500', '500'] })).rejects.toThrow(
      'film.dcm has a pixel spacing of 500 x 500 mm',
    );
  });

  describe.each(['jpeg-2000', 'htj2k', 'jpeg-ls', 'jpeg-lossless', 'jpeg-baseline', 'rle'])('%s', (name) => {
    test.each([0.99, 0.9, 0.5, 0.2])('of which only %d is there is refused instead of filled up', async (share) => {
      const file = fixture(`${name}.dcm`);
      const { dataSet } = parseDicom(file, name);
      const { position, length } = dataSet.elements['x7fe00010']!.fragments![0]!;
      const kept = 2 * Math.floor((length * share) / 2);
      const cut = Buffer.concat([file.subarray(0, position + kept), file.subarray(position + length)]);
      cut.writeUInt32LE(kept, position - 4);

      await expect(read(cut)).rejects.toThrow(/^film\.dcm has pixels that cannot be unpacked: /);
    });
  });

  test('JPEG baseline gives what was stored, within what it loses', async () => {
    const { pixels } = await read(fixture('jpeg-baseline.dcm'));
    const off = Array.from(pixels, (value, at) => Math.abs(value - (2 * Math.floor(at / COLUMNS) + (at % COLUMNS))));
    expect(Math.max(...off)).toBeLessThanOrEqual(2);
  });

  test('a JPEG image whose camera asks for it to be turned lies as the DICOM header says', async () => {
    const plain = fixture('jpeg-baseline.dcm');
    const turned = withOrientation(plain, 6);

    expect((await read(turned)).pixels).toEqual((await read(plain)).pixels);
  });

  test('no random damage crashes the reader or hangs it', async () => {
    const files = [
      'jpeg-lossless.dcm',
      'jpeg-2000.dcm',
      'jpeg-ls.dcm',
      'htj2k.dcm',
      'jpeg-baseline.dcm',
      'rle.dcm',
      'explicit-big.dcm',
      'implicit-little.dcm',
    ];
    for (const file of files) {
      for (let round = 0; round < 40; round++) {
        const bytes = Buffer.from(fixture(file));
        for (let hit = 0; hit < 6; hit++)
          bytes[(round * 977 + hit * 3571 + 200) % bytes.length]! ^= 1 << ((round + hit) % 8);
        await read(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
      }
    }
  });

  test('a file on disk is named by its own name, not by its folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'osteograph-'));
    try {
      writeFileSync(join(folder, '001'), 'no image');
      await expect(readDicom(join(folder, '001'))).rejects.toThrow(/^001 is not a DICOM file\.$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

/** Offset of an element's tag in a little-endian explicit file. */
function find(file: Buffer, group: number, element: number): number {
  const tag = Buffer.concat([u16(group), u16(element)]);
  const offset = file.lastIndexOf(tag);
  if (offset < 0) throw new Error(`The fixture has no element ${group.toString(16)},${element.toString(16)}.`);
  return offset;
}

/** A copy whose (short explicit) element has another value of any length. */
function withElement(file: Buffer, group: number, element: number, value: Buffer): Buffer {
  const offset = find(file, group, element);
  const length = file.readUInt16LE(offset + 6);
  const head = Buffer.from(file.subarray(0, offset + 8));
  head.writeUInt16LE(value.length, offset + 6);
  return Buffer.concat([head, value, file.subarray(offset + 8 + length)]);
}

function renamed(file: Buffer, group: number, element: number, other: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt16LE(other, find(file, group, element) + 2);
  return copy;
}

/** Same-length change of the transfer syntax in the file meta group. */
function withSyntax(file: Buffer, uid: string): Buffer {
  const offset = file.indexOf(Buffer.concat([u16(0x0002), u16(0x0010)]));
  const length = file.readUInt16LE(offset + 6);
  const padded = text(uid.length % 2 ? `${uid}\0` : uid);
  const head = Buffer.from(file.subarray(0, offset + 8));
  head.writeUInt16LE(padded.length, offset + 6);
  const copy = Buffer.concat([head, padded, file.subarray(offset + 8 + length)]);
  // The group length (0002,0000) follows the preamble and counts what comes after it.
  copy.writeUInt32LE(copy.readUInt32LE(140) + padded.length - length, 140);
  return copy;
}

/** Zeroes all but the first bytes of the compressed frame. */
/** The one JPEG image of a file with an EXIF orientation put in after its start. */
function withOrientation(file: Buffer, orientation: number): Buffer {
  const start = file.indexOf(Buffer.from([0xff, 0xd8, 0xff]));
  const exif = Buffer.from(`ffe100224578696600004d4d002a00000008000101120003000000010000000000000000`, 'hex');
  exif.writeUInt16BE(orientation, 28);
  const copy = Buffer.concat([file.subarray(0, start + 2), exif, file.subarray(start + 2)]);
  copy.writeUInt32LE(file.readUInt32LE(start - 4) + exif.length, start - 4);
  return copy;
}

function truncatedFragment(file: Buffer, keep: number): Buffer {
  const copy = Buffer.from(file);
  copy.fill(0, find(file, 0x7fe0, 0x0010) + 28 + keep, copy.length - 8);
  return copy;
}

function deflateBomb(): Buffer {
  const deflated = fixture('deflated.dcm');
  const metaEnd = 144 + deflated.readUInt32LE(140);
  return Buffer.concat([deflated.subarray(0, metaEnd), deflateRawSync(Buffer.alloc(400 * 1024 * 1024))]);
}
