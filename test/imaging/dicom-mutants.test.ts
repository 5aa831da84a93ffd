import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import loadCharls from '@cornerstonejs/codec-charls/wasmjs';
import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import fc from 'fast-check';
import { UserError } from '../../src/domain/errors.js';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom } from '../../src/imaging/dicom/read.js';

/** `OSTEOGRAPH_DICOM_MUTANTS=10000 npm test -- test/imaging/dicom-mutants` tries as many; a new seed is OSTEOGRAPH_SEED. */
const MUTANTS = Number(process.env['OSTEOGRAPH_DICOM_MUTANTS'] ?? 120);
const SEED = Number(process.env['OSTEOGRAPH_SEED'] ?? 20_261_128);

const ROWS = 40;
const COLUMNS = 48;
/** Of no file of the corpus: random to the eye, and no four in a row come twice. */
const CANARY = Uint16Array.from({ length: ROWS * COLUMNS }, (_, i) => (i * i * 7_919 + i * 131) % 4_096);
const FILES = [
  'jpeg-ls.dcm',
  'jpeg-2000.dcm',
  'jpeg-lossless.dcm',
  'jpeg-lossless-14.dcm',
  'htj2k.dcm',
  'jpeg-baseline.dcm',
  'enhanced-mr.dcm',
  'rle.dcm',
  'deflated.dcm',
  'explicit-big.dcm',
];

const corpus = FILES.map((name) => readFileSync(join(packageRoot, 'test/golden/dicom', name)));
const canaryRuns = new Set(runsOf(CANARY));

test(
  `${MUTANTS} damaged files are read or refused in one sentence, and none shows what another file held`,
  async () => {
    const canaries = [
      withPixels(corpus[0]!, await encoded(loadCharls, 'JpegLSEncoder')),
      withPixels(corpus[1]!, await encoded(loadOpenJpeg, 'J2KEncoder')),
    ];
    for (const bytes of canaries) expect((await readDicom({ bytes, name: 'canary.dcm' })).pixels).toEqual(CANARY);
    let [read, refused] = [0, 0];

    await fc.assert(
      fc.asyncProperty(mutant(), fc.constantFrom(...canaries), async (bytes, canary) => {
        await readDicom({ bytes: canary, name: 'canary.dcm' });
        try {
          const { pixels, attributes } = await readDicom({ bytes, name: 'film.dcm' });
          read++;
          expect(pixels.length).toBe(attributes.rows * attributes.columns * attributes.frames);
          expect(runsOf(pixels).filter((run) => canaryRuns.has(run))).toEqual([]);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          refused++;
          expect(error.message).toMatch(/^film\.dcm .+\.$/);
        }
      }),
      { numRuns: MUTANTS, seed: SEED, endOnFailure: true },
    );

    expect(Math.min(read, refused)).toBeGreaterThan(MUTANTS / 20);
    // The process that has gone through all this still tells the truth.
    for (const bytes of canaries) expect((await readDicom({ bytes, name: 'canary.dcm' })).pixels).toEqual(CANARY);
  },
  MUTANTS * 10_000,
);

/** A file of the corpus with one to eight faults, half of them where its pixels begin. */
function mutant(): fc.Arbitrary<Buffer> {
  const place = fc.oneof(
    fc.record({ nearPixels: fc.constant(true), at: fc.nat({ max: 200 }) }),
    fc.record({ nearPixels: fc.constant(false), at: fc.nat({ max: 100_000 }) }),
  );
  const kind = fc.constantFrom('bit', 'byte', 'byte', 'bit', 'cut', 'double', 'end');
  const fault = fc.record({ place, kind, value: fc.nat({ max: 255 }) });
  return fc.tuple(fc.constantFrom(...corpus), fc.array(fault, { minLength: 1, maxLength: 8 })).map(([file, faults]) => {
    let bytes = Buffer.from(file);
    for (const { place: where, kind: what, value } of faults) {
      const start = where.nearPixels ? Math.max(file.lastIndexOf(PIXEL_DATA), 0) : 0;
      const at = (start + where.at) % bytes.length;
      if (what === 'bit') bytes[at]! ^= 1 << (value % 8);
      if (what === 'byte') bytes[at] = value;
      if (what === 'cut') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + value)]);
      if (what === 'double') bytes = Buffer.concat([bytes.subarray(0, at + value), bytes.subarray(at)]);
      if (what === 'end') bytes = bytes.subarray(0, Math.max(at, 1));
    }
    return bytes;
  });
}

const PIXEL_DATA = Buffer.from([0xe0, 0x7f, 0x10, 0x00]);

/** Four values in a row, at every place. */
function runsOf(values: ArrayLike<number>): string[] {
  return Array.from({ length: Math.max(values.length - 3, 0) }, (_, i) =>
    [values[i], values[i + 1], values[i + 2], values[i + 3]].join(),
  );
}

/** A compressed file of one frame with another image of the same size and kind. */
function withPixels(file: Buffer, packed: Uint8Array): Buffer {
  const item = file.indexOf(Buffer.from([0xfe, 0xff, 0x00, 0xe0]), file.lastIndexOf(PIXEL_DATA) + 20);
  const even = Buffer.concat([packed, Buffer.alloc(packed.length % 2)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(even.length);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([file.subarray(0, item + 4), length, even, end]);
}

async function encoded<Name extends string>(
  load: (options: object) => Promise<Record<Name, new () => CornerstoneEncoder>>,
  name: Name,
): Promise<Uint8Array> {
  const encoder = new (await load({ print: () => undefined, printErr: () => undefined }))[name]();
  const frame = { width: COLUMNS, height: ROWS, bitsPerSample: 12, componentCount: 1, isSigned: false };
  encoder.getDecodedBuffer(frame).set(new Uint8Array(CANARY.buffer));
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}
