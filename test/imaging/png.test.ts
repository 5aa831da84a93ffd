import { deflateSync, crc32 } from 'node:zlib';
import { decode, encode } from 'fast-png';
import { decodePng, encodePng } from '../../src/imaging/png.js';

const ROWS = 13;
const COLUMNS = 17;
const values = (channels: number, max: number) =>
  Array.from({ length: ROWS * COLUMNS * channels }, (_, index) => (index * 7919) % (max + 1));

test('what is written is read back, in 8 and in 16 bits', () => {
  for (const data of [Uint8Array.from(values(1, 255)), Uint16Array.from(values(1, 65535))]) {
    expect(decodePng(encodePng({ rows: ROWS, columns: COLUMNS, data }))).toEqual({
      rows: ROWS,
      columns: COLUMNS,
      data,
    });
  }
});

test('another library reads our files, with their text', () => {
  const data = Uint16Array.from(values(1, 65535));
  const png = decode(encodePng({ rows: ROWS, columns: COLUMNS, data }, { Comment: 'SYNTHETIC' }), { checkCrc: true });
  expect(png).toMatchObject({ width: COLUMNS, height: ROWS, depth: 16, channels: 1, text: { Comment: 'SYNTHETIC' } });
  expect(Array.from(png.data)).toEqual(Array.from(data));
});

test('grey files of another library are read', () => {
  const data = Uint16Array.from(values(1, 65535));
  const file = encode({ width: COLUMNS, height: ROWS, data, depth: 16, channels: 1 });
  expect(decodePng(file).data).toEqual(data);
});

test('colour becomes luminance and transparency is dropped', () => {
  for (const channels of [3, 4]) {
    const data = Uint8Array.from(values(channels, 255));
    const file = encode({ width: COLUMNS, height: ROWS, data, depth: 8, channels });
    const expected = Math.round(0.299 * data[channels]! + 0.587 * data[channels + 1]! + 0.114 * data[channels + 2]!);
    expect(decodePng(file).data[1]).toBe(expected);
  }
  const greyAlpha = Uint8Array.from(values(2, 255));
  const file = encode({ width: COLUMNS, height: ROWS, data: greyAlpha, depth: 8, channels: 2 });
  expect(decodePng(file).data[1]).toBe(greyAlpha[2]);
});

test('one bit per pixel and palettes are read', () => {
  const bits = png([ROWS, 3, 1, 0, 0], Buffer.concat(Array.from({ length: ROWS }, () => Buffer.from([0, 0b10100000]))));
  expect(Array.from(decodePng(bits).data.subarray(0, 3))).toEqual([255, 0, 255]);
  const palette = Buffer.from([0, 0, 0, 255, 255, 255, 0, 0, 255]);
  const indexed = png([1, 3, 8, 3, 0], Buffer.from([0, 2, 1, 0]), ['PLTE', palette]);
  expect(Array.from(decodePng(indexed).data)).toEqual([29, 255, 0]);
});

describe('a hostile file is refused with one sentence', () => {
  const good = encodePng({ rows: ROWS, columns: COLUMNS, data: Uint8Array.from(values(1, 255)) });
  const damaged = Buffer.from(good);
  damaged[50]! ^= 1;

  test.each([
    ['another kind of file', Buffer.from('GIF89a'), /is not a PNG file/],
    ['a file cut short', good.subarray(0, good.length - 30), /is cut short/],
    ['a flipped bit', damaged, /is damaged: the checksum/],
    ['a pixel bomb', png([60000, 60000, 8, 0, 0], Buffer.alloc(10)), /claims 60000 x 60000/],
    ['a decompression bomb', png([2, 2, 8, 0, 0], Buffer.alloc(50_000_000)), /do not fit its header/],
    ['too few pixels', png([20, 20, 8, 0, 0], Buffer.alloc(21)), /21 bytes of pixel data where its header needs 420/],
    ['an interlaced image', png([2, 2, 8, 0, 1], Buffer.alloc(6)), /interlaced/],
    ['an unknown filter', png([1, 1, 8, 0, 0], Buffer.from([9, 1])), /unknown line filter/],
    ['a palette that is missing', png([1, 1, 8, 3, 0], Buffer.from([0, 1])), /no palette/],
    ['an unknown colour type', png([1, 1, 8, 5, 0], Buffer.from([0, 1])), /unknown PNG form/],
    ['no size at all', png([0, 5, 8, 0, 0], Buffer.alloc(1)), /impossible size/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodePng(bytes, 'knee.png')).toThrow(message);
    expect(() => decodePng(bytes, 'knee.png')).toThrow(/^knee\.png .*[^.]\.$/);
  });
});

/** A PNG file with any header: rows, columns, bit depth, colour type, interlace method. */
function png(
  [rows, columns, depth, colour, interlace]: readonly [number, number, number, number, number],
  raw: Buffer,
  ...more: readonly [string, Buffer][]
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const chunk = (type: string, body: Buffer): Buffer => {
    const out = Buffer.concat([Buffer.alloc(4), Buffer.from(type), body, Buffer.alloc(4)]);
    out.writeUInt32BE(body.length, 0);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [
    ['IHDR', header] as const,
    ...more,
    ['IDAT', deflateSync(raw)] as const,
    ['IEND', Buffer.alloc(0)] as const,
  ];
  return Buffer.concat([signature, ...chunks.map(([type, body]) => chunk(type, body))]);
}
