import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { bulkValue, dicomJson } from '../../src/imaging/dicom/json-model.js';
import { frameSamples } from '../../src/imaging/dicom/one-frame.js';
import { parseDicom, readSamples } from '../../src/imaging/dicom/read.js';
import { bilateralDicom } from '../helpers/radiographs.js';

const NAME = 'The object';

/** A film with so many Frame Numbers of Interest, which are numbers in binary form, and a Text Value of so many letters. */
function film(numbers: number, letters = 1): Uint8Array {
  const interest = Array.from({ length: numbers }, (_, index) => index);
  return bilateralDicom({ FrameNumbersOfInterest: interest, TextValue: 'x'.repeat(letters) });
}

const inJson = (bytes: Uint8Array) => dicomJson(bytes, NAME, (tag) => `at/${tag}`);

test('a list of numbers stands in the header up to a kilobyte, and beyond that is where it can be fetched', () => {
  const [short, long] = [film(512), film(513)];

  expect(inJson(short)['00286020']!.Value).toHaveLength(512);
  expect(bulkValue(short, NAME, '00286020')).toBeUndefined();
  expect(inJson(long)['00286020']).toEqual({ vr: 'US', BulkDataURI: 'at/00286020' });
  const bytes = bulkValue(long, NAME, '00286020')!;
  expect(bytes).toHaveLength(1_026);
  expect([...bytes.subarray(1_022)]).toEqual([255, 1, 0, 2]);
});

test('a text of more than 64 KiB is not in the header either', () => {
  expect(inJson(film(1, 65_534))['0040A160']!.Value).toEqual(['x'.repeat(65_534)]);
  const long = film(1, 65_536);
  expect(inJson(long)['0040A160']).toEqual({ vr: 'UT', BulkDataURI: 'at/0040A160' });
  expect(bulkValue(long, NAME, '0040A160')).toHaveLength(65_536);
});

test.each(['enhanced-mr.dcm', 'explicit-big.dcm', 'bytes.dcm', 'rle.dcm'])(
  'a frame of %s is what the whole has in its place',
  async (name) => {
    const bytes = await readFile(join(packageRoot, 'test/golden/dicom', name));
    const parsed = parseDicom(bytes, name);
    const { rows, columns, bitsAllocated, frames } = parsed.attributes;
    const whole = await readSamples(parsed, name);
    const size = (rows * columns * bitsAllocated) / 8;
    for (let frame = 0; frame < frames; frame++) {
      expect(await frameSamples(parsed, frame, name)).toEqual(whole.slice(frame * size, (frame + 1) * size));
    }
  },
);
