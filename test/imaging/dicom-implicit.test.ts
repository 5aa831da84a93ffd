import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodedDataSet } from '../../src/imaging/dicom/data-set.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { toImplicitLittleEndian } from '../../src/imaging/dicom/transcode.js';

const golden = (name: string) => readFile(join(packageRoot, 'test/golden/dicom', name));

test('a file becomes implicit little endian with the same attributes and pixels', async () => {
  const bytes = await golden('explicit-little.dcm');
  const [before, after] = await Promise.all(
    [bytes, toImplicitLittleEndian(bytes, 'film')].map((file) => readDicom({ bytes: Buffer.from(file), name: 'film' })),
  );

  expect(after!.pixels).toEqual(before!.pixels);
  expect(after!.attributes).toEqual({ ...before!.attributes, transferSyntax: '1.2.840.10008.1.2' });
});

test('the data set of a file begins behind what belongs to the file', async () => {
  const { bytes, ...rest } = encodedDataSet(await golden('explicit-little.dcm'))!;

  expect(rest).toMatchObject({
    sopClassUid: '1.2.840.10008.5.1.4.1.1.7',
    transferSyntax: '1.2.840.10008.1.2.1',
  });
  // The first element, SOP Class UID or what is before it, is of group 8.
  expect([bytes[0], bytes[1]]).toEqual([8, 0]);
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  [
    'a picture',
    Buffer.from('\x89PNG and what follows it, long enough for the head of a DICOM file'.repeat(4), 'latin1'),
  ],
])('%s has no data set', (_, bytes) => {
  expect(encodedDataSet(bytes)).toBeUndefined();
});
