import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { deidentifyDicom, type DeidentifiedSubject } from '../../src/imaging/deidentification/index.js';
import { packedFrames, parseDicom, readStored } from '../../src/imaging/dicom/read.js';

const NAME = 'Zyxwvut^Quentin';
const NAMES = /zyxwvut|quentin/i;
const SUBJECT: DeidentifiedSubject = {
  pseudonym: '9000001',
  daysBack: 100,
  uidKey: Buffer.alloc(32, 7),
  synthetic: false,
  redact: [],
};
const EXPLICIT = '1.2.840.10008.1.2.1';

const golden = (name: string): Buffer => readFileSync(join(packageRoot, 'test/golden/dicom', `${name}.dcm`));
const frameOf = (name: string): Buffer => Buffer.from(packedFrames(parseDicom(golden(name), name), name)[0]!);
const words = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
/** A segment of a JPEG or JPEG 2000 stream. */
const segment = (marker: number, body: string | Buffer): Buffer =>
  Buffer.concat([words(marker), words(2 + body.length), Buffer.from(body)]);
const inserted = (bytes: Buffer, at: number, ...more: Buffer[]): Buffer =>
  Buffer.concat([bytes.subarray(0, at), ...more, bytes.subarray(at)]);

/** A golden file with other pieces of packed pixels, and an offset table of these bytes. */
function withFragments(name: string, fragments: readonly Buffer[], table = Buffer.alloc(0)): Buffer {
  const file = golden(name);
  const { dataOffset } = parseDicom(file, name).dataSet.elements['x7fe00010']!;
  const item = (tag: number, body: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt16LE(0xfffe, 0);
    head.writeUInt16LE(tag, 2);
    head.writeUInt32LE(body.length, 4);
    return [head, body];
  };
  const even = (body: Buffer) => (body.length % 2 === 0 ? body : Buffer.concat([body, Buffer.alloc(1)]));
  const items = [table, ...fragments].flatMap((body) => item(0xe000, even(body)));
  return Buffer.concat([file.subarray(0, dataOffset), ...items, ...item(0xe0dd, Buffer.alloc(0))]);
}

type Kept = 'packed' | 'unpacked' | 'refused';

/** The name is nowhere, the pixels are what they were; says whether they stayed packed, or nothing is kept because they cannot be read. */
async function expectClean(file: Buffer, name: string): Promise<Kept> {
  const before = await readStored({ bytes: file, name }).catch(() => null);
  if (before === null) return 'refused';
  const { bytes, report } = await deidentifyDicom({ bytes: file, name }, SUBJECT);
  expect(Buffer.from(bytes!).toString('latin1')).not.toMatch(NAMES);
  const after = await readStored({ bytes: bytes!, name });
  expect(after.values).toEqual(before.values);
  expect(report.attributes.find(({ attribute }) => attribute === 'PixelData')).toMatchObject({ action: 'CLEANED' });
  return after.attributes.transferSyntax === EXPLICIT ? 'unpacked' : 'packed';
}

/** Where the marker stands that ends the image: what follows it pads the piece. */
const endOf = (frame: Buffer): number => frame.lastIndexOf(Buffer.from([0xff, 0xd9]));
const COMMENT = segment(0xfffe, NAME);
const TEXT = Buffer.from(NAME);

type Plant = (frame: Buffer) => Buffer;

const IN_JPEG: [place: string, plant: Plant, kept: Kept][] = [
  ['a comment', (frame) => inserted(frame, 2, COMMENT), 'packed'],
  ['a comment after fill bytes', (frame) => inserted(frame, 2, Buffer.alloc(5, 0xff), COMMENT), 'packed'],
  ['an application segment', (frame) => inserted(frame, 2, segment(0xffe1, `Exif\0\0${NAME}`)), 'packed'],
  ['an application segment that is no JFIF', (frame) => inserted(frame, 2, segment(0xffe0, NAME)), 'packed'],
  ['a comment behind the scan', (frame) => inserted(frame, endOf(frame), COMMENT), 'packed'],
  [
    'an application segment behind the scan, after fill bytes',
    (frame) => inserted(frame, endOf(frame), Buffer.alloc(3, 0xff), segment(0xffe9, NAME)),
    'packed',
  ],
  ['text behind the end', (frame) => Buffer.concat([frame.subarray(0, endOf(frame) + 2), Buffer.from(NAME)]), 'packed'],
  ['a comment behind the end', (frame) => Buffer.concat([frame.subarray(0, endOf(frame) + 2), COMMENT]), 'packed'],
];

describe.each(['jpeg-lossless', 'jpeg-lossless-14', 'jpeg-ls', 'jpeg-baseline'])('of %s', (name) => {
  test.each(IN_JPEG)('a name in %s is not kept', async (place, plant, kept) => {
    // What these decoders do not read is not kept at all.
    const refused = name === 'jpeg-ls' ? /behind the scan/ : /^jpeg-lossless/.test(name) ? /comment after fill/ : /^$/;
    expect(await expectClean(withFragments(name, [plant(frameOf(name))]), name)).toBe(
      refused.test(place) ? 'refused' : kept,
    );
  });

  test('a name in a comment that lies in three pieces is not kept', async () => {
    const frame = inserted(frameOf(name), 2, COMMENT);
    const pieces = [frame.subarray(0, 10), frame.subarray(10, 16), frame.subarray(16)];
    expect(await expectClean(withFragments(name, pieces), name)).toBe('packed');
  });

  test('a name in a piece of its own, or in the offset table, is not kept', async () => {
    const text = Buffer.from(`${NAME} `);
    expect(await expectClean(withFragments(name, [frameOf(name), text]), name)).toBe('packed');
  });
});

test.each<[place: string, name: string, kept: Kept, plant: Plant]>([
  ['text at the end of the scan', 'jpeg-lossless', 'unpacked', (frame) => inserted(frame, endOf(frame), TEXT)],
  ['text at the end of the scan', 'jpeg-baseline', 'unpacked', (frame) => inserted(frame, endOf(frame), TEXT)],
  ['text at the end of the scan', 'jpeg-ls', 'refused', (frame) => inserted(frame, endOf(frame), TEXT)],
  ['a reserved segment', 'jpeg-baseline', 'refused', (frame) => inserted(frame, 2, segment(0xfff0, NAME))],
  ['a reserved segment', 'jpeg-lossless', 'refused', (frame) => inserted(frame, 2, segment(0xfff0, NAME))],
])('a name in %s of %s is %s', async (_, name, kept, plant) => {
  expect(await expectClean(withFragments(name, [plant(frameOf(name))]), name)).toBe(kept);
});

/** Where the first tile-part begins, of which the golden files have one. */
const partOf = (frame: Buffer): number => frame.indexOf(Buffer.from([0xff, 0x90, 0x00, 0x0a]));
const dataOf = (frame: Buffer): number => frame.indexOf(Buffer.from([0xff, 0x93]), partOf(frame));

/** Adds bytes to the tile-part, which says how long it is. */
function inPart(frame: Buffer, at: number, bytes: Buffer): Buffer {
  const longer = inserted(frame, at, bytes);
  const length = partOf(longer) + 6;
  if (longer.readUInt32BE(length) > 0) longer.writeUInt32BE(longer.readUInt32BE(length) + bytes.length, length);
  return longer;
}

const J2K_COMMENT = segment(0xff64, `\0\x01${NAME}`);

const IN_J2K: [place: string, plant: Plant, kept: Kept][] = [
  ['a comment of the main header', (frame) => inserted(frame, partOf(frame), J2K_COMMENT), 'packed'],
  ['the first bytes of a comment', (frame) => inserted(frame, partOf(frame), segment(0xff64, NAME)), 'packed'],
  ['a comment of a tile-part', (frame) => inPart(frame, dataOf(frame), J2K_COMMENT), 'packed'],
  [
    'a list of packet lengths of a tile-part',
    (frame) => inPart(frame, dataOf(frame), segment(0xff58, `\0${NAME}`)),
    'packed',
  ],
  ['text behind the end', (frame) => Buffer.concat([frame.subarray(0, endOf(frame) + 2), Buffer.from(NAME)]), 'packed'],
  ['text at the end of a tile-part', (frame) => inPart(frame, endOf(frame), Buffer.from(NAME)), 'unpacked'],
];

describe.each(['jpeg-2000', 'htj2k'])('of %s', (name) => {
  test.each(IN_J2K)('a name in %s is not kept', async (_, plant, kept) => {
    expect(await expectClean(withFragments(name, [plant(frameOf(name))]), name)).toBe(kept);
  });

  test('a name in a comment of a tile-part that lies in two pieces is not kept', async () => {
    const frame = frameOf(name);
    // Pieces have an even number of bytes.
    const at = dataOf(frame);
    const cut = at + 10 + (at % 2);
    const planted = inPart(frame, at, J2K_COMMENT);
    expect(await expectClean(withFragments(name, [planted.subarray(0, cut), planted.subarray(cut)]), name)).toBe(
      'packed',
    );
  });
});

test.each<[place: string, plant: Plant]>([
  [
    'unused offsets',
    (frame) => Buffer.concat([frame.subarray(0, 12), Buffer.from(NAME), frame.subarray(12 + NAME.length)]),
  ],
  ['bytes behind the last run', (frame) => Buffer.concat([frame, Buffer.from(NAME)])],
])('a name in %s of an RLE frame has the pixels unpacked', async (_, plant) => {
  expect(await expectClean(withFragments('rle', [plant(frameOf('rle'))]), 'rle')).toBe('unpacked');
});

test('numbers of an offset table that spell a name are made anew', async () => {
  const table = Buffer.from(`${NAME}~`);
  expect(await expectClean(withFragments('jpeg-ls', [frameOf('jpeg-ls')], table), 'jpeg-ls')).toBe('packed');
});

test("a word of the patient's that lies in a table of the image itself has the pixels unpacked", async () => {
  const name = 'jpeg-baseline';
  // Eight codes of a table that no scan uses.
  const counts = Buffer.alloc(16);
  counts[4] = 8;
  const table = segment(0xffc4, Buffer.concat([Buffer.from([0x13]), counts, Buffer.from('QUENTINE')]));
  const file = withFragments(name, [inserted(frameOf(name), 2, table)]);
  // The patient's number in the header.
  file.write('QUEN', file.indexOf('TEST'), 'latin1');
  const before = await readStored({ bytes: file, name });

  const { bytes } = await deidentifyDicom({ bytes: file, name }, SUBJECT);

  const after = await readStored({ bytes: bytes!, name });
  expect(Buffer.from(bytes!).toString('latin1')).not.toMatch(NAMES);
  expect([after.attributes.transferSyntax, after.values]).toEqual([EXPLICIT, before.values]);
});
