import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { parseStrip } from '../../src/domain/strips.js';
import { deidentifyDicom, deidentifyFilm, type DeidentifiedSubject } from '../../src/imaging/deidentification/index.js';
import { parseDicom, readStored } from '../../src/imaging/dicom/read.js';
import type { DicomKeywords } from '../../src/imaging/dicom/write.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { encodeFilm } from '../../src/imaging/radiograph/index.js';
import { filmFile } from '../helpers/oai-files.js';

const golden = (path: string): Buffer => readFileSync(join(packageRoot, 'test/golden', path));

const SUBJECT: DeidentifiedSubject = {
  pseudonym: '9000001',
  daysBack: 100,
  uidKey: Buffer.alloc(32, 7),
  synthetic: false,
  redact: [],
};

const deidentified = (bytes: Uint8Array, subject: Partial<DeidentifiedSubject> = {}) =>
  deidentifyDicom({ bytes, name: 'film.dcm' }, { ...SUBJECT, ...subject });

/** The elements of a file of ours with these ones, after de-identification, and what the report says. */
async function afterwards(elements: DicomKeywords, subject: Partial<DeidentifiedSubject> = {}) {
  const { bytes, report } = await deidentified(filmFile('H-4711', '1', { elements }), subject);
  const { dataSet } = parseDicom(bytes!, 'film.dcm');
  return { text: (tag: string) => dataSet.string(tag)?.trim(), report, dataSet };
}

/** Words by which the files of test/golden/deidentification name their patient. */
const NAMES = /zyxwvut|quentin|19480203/i;

describe('a name in every attribute of text, in sequences, private attributes, the preamble and an overlay', () => {
  const planted = golden('deidentification/planted.dcm');

  test('reaches neither the object nor the report, and the pixels are as they were', async () => {
    const { bytes, report } = await deidentified(planted);

    const { dataSet, attributes } = parseDicom(bytes!, 'planted.dcm');
    expect(Buffer.from(dataSet.byteArray).toString('latin1')).not.toMatch(NAMES);
    expect(JSON.stringify(report)).not.toMatch(NAMES);
    expect(Object.keys(dataSet.elements).filter((tag) => parseInt(tag[4]!, 16) % 2 === 1)).toEqual([]);
    expect(attributes).toMatchObject({
      ...{ patientId: '9000001', seriesDescription: 'PA Knee', studyDate: '20040315', bodyPart: 'KNEE' },
      transferSyntax: '1.2.840.10008.1.2.1.99',
    });
    expect((await readStored({ bytes: bytes!, name: 'x' })).values).toEqual(
      (await readStored({ bytes: planted, name: 'x' })).values,
    );
  });

  test('is in the report by keyword, tag and how often, the private ones by their tags', async () => {
    const { report } = await deidentified(planted);
    const of = (attribute: string) => report.attributes.filter((one) => one.attribute === attribute);
    expect(of('PatientName')).toEqual([{ attribute: 'PatientName', tag: '(0010,0010)', action: 'REPLACED', count: 1 }]);
    expect(of('Private').map(({ tag }) => tag)).toEqual(['(0029,0010)', '(0029,1001)', '(0029,1002)']);
    expect(of('ViewCodeSequence.CodeMeaning')).toMatchObject([{ tag: '(0008,0104)', action: 'REPLACED' }]);
  });

  test('in a comment of a JPEG frame and its EXIF header is blanked, and the frame is still read', async () => {
    const commented = golden('deidentification/comments.dcm');
    const { bytes } = await deidentified(commented);
    expect(Buffer.from(bytes!).toString('latin1')).not.toMatch(NAMES);
    const [before, after] = [commented, bytes!].map((file) => readStored({ bytes: file, name: 'x' }));
    expect((await after!).values).toEqual((await before!).values);
  });
});

const TABLE = readFileSync(join(packageRoot, 'docs/guides/deidentification.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const row = /^\| (\w+) \| `([^`]+)` \| ([A-Z]+) \| (.*?) ?\|$/.exec(line);
    return row ? [{ attribute: row[1]!, given: row[2]!, action: row[3]!, kept: row[4]! }] : [];
  });

describe("the guide's table is what happens", () => {
  test('it has rows', () => expect(TABLE.length).toBeGreaterThan(25));

  test.each(TABLE)('$attribute $given is $action', async ({ attribute, given, action, kept }) => {
    const value = given.includes('\\') ? given.split('\\') : given;
    const names = { PatientName: 'Doe^Jane', OperatorsName: 'Poe^Edgar' };
    const elements = attribute === 'SOPClassUID' ? names : { ...names, [attribute]: value };
    const { report, dataSet } = await afterwards(elements);
    const [told] = report.attributes.filter((one) => one.attribute === attribute);
    const tag = `x${told!.tag.replace(/[(),]/g, '').toLowerCase()}`;
    const is = dataSet.string(tag)?.trim() ?? '';
    expect(told!.action).toBe(action);
    if (kept.startsWith('another UID')) expect(is).toMatch(/^2\.25\.\d+$/);
    else expect(is).toBe(kept.replaceAll('`', ''));
  });
});

describe('what an object says of itself', () => {
  const codes = async (subject: Partial<DeidentifiedSubject>, elements: DicomKeywords = {}) => {
    const { dataSet } = await afterwards(elements, subject);
    return dataSet.elements['x00120064']?.items?.map(({ dataSet: item }) => item!.string('x00080100'));
  };

  test('is which options were used', async () => {
    expect(await codes({})).toEqual(['113100', '113105', '113107', '113109']);
    expect(await codes({ daysBack: 0 })).toEqual(['113100', '113105', '113106', '113109']);
    expect(await codes({ redact: [parseStrip('top:10')] })).toEqual(['113100', '113101', '113105', '113107', '113109']);
    expect(await codes({ synthetic: true })).toBeUndefined();
  });

  test.each<[string, DicomKeywords, Partial<DeidentifiedSubject>, string | undefined]>([
    ['of a film as a machine took it', { ImageType: ['ORIGINAL', 'PRIMARY'] }, {}, 'YES'],
    ['of a screenshot', { ImageType: ['DERIVED', 'SECONDARY'] }, {}, undefined],
    ['of a screenshot without text', { ImageType: ['DERIVED', 'SECONDARY'], BurnedInAnnotation: 'NO' }, {}, 'YES'],
    ['of what was redacted', { BurnedInAnnotation: 'YES' }, { redact: [parseStrip('top:10')] }, 'YES'],
    ['of a drawn knee', { PatientIdentityRemoved: 'YES' }, { synthetic: true }, 'YES'],
  ])('Patient Identity Removed %s', async (_, elements, subject, said) => {
    expect((await afterwards(elements, subject)).text('x00120062')).toBe(said);
  });

  test('the same UID becomes the same one, and another one under another key', async () => {
    const uid = async (uidKey: Buffer) => (await afterwards({}, { uidKey })).text('x0020000d');
    const [one, again, other] = [
      await uid(Buffer.alloc(32)),
      await uid(Buffer.alloc(32)),
      await uid(Buffer.alloc(32, 1)),
    ];
    expect(one).toBe(again);
    expect(other).not.toBe(one);
  });

  test('what is no date is removed, and a leap day is counted', async () => {
    const date = async (StudyDate: string) => (await afterwards({ StudyDate })).text('x00080020');
    expect(await date('20040608')).toBe('20040229');
    for (const wrong of ['20041345', 'Jane Doe', '2004']) expect(await date(wrong)).toBeFalsy();
  });
});

test.each([
  'deflated',
  'explicit-big',
  'implicit-little',
  'jpeg-2000',
  'jpeg-ls',
  'htj2k',
  'rle',
  'jpeg-lossless',
  'enhanced-mr',
])('a file in %s keeps its transfer syntax and its pixels', async (name) => {
  const file = golden(`dicom/${name}.dcm`);
  const { bytes } = await deidentified(file);
  const [before, after] = [await readStored({ bytes: file, name }), await readStored({ bytes: bytes!, name })];
  expect(after.attributes.transferSyntax).toBe(before.attributes.transferSyntax);
  expect(after.values).toEqual(before.values);
});

test('bits beside the stored ones, where old films hold their overlays, are cleared', async () => {
  const plain = filmFile('', '1');
  const drawn = Uint8Array.from(plain);
  const { dataOffset, length } = parseDicom(plain, 'film.dcm').dataSet.elements['x7fe00010']!;
  // 12 of 16 bits are the image's.
  for (let at = dataOffset + 1; at < dataOffset + length; at += 2) drawn[at]! |= 0x50;

  const { bytes } = await deidentified(drawn);

  expect(pixelsOf(drawn)).not.toEqual(pixelsOf(plain));
  expect(pixelsOf(bytes!)).toEqual(pixelsOf(plain));
});

test("names that lie in the standard's own terms leave these alone", async () => {
  const { text } = await afterwards({ PatientName: 'Mary^Mono', ImageType: ['ORIGINAL', 'PRIMARY'] });

  expect([text('x00080008'), text('x00280004')]).toEqual(['ORIGINAL\\PRIMARY', 'MONOCHROME2']);
});

/** The bytes of the pixels of a file. */
function pixelsOf(file: Uint8Array): number[] {
  const { dataSet } = parseDicom(file, 'film.dcm');
  const { dataOffset, length } = dataSet.elements['x7fe00010']!;
  return [...dataSet.byteArray.subarray(dataOffset, dataOffset + length)];
}

describe('strips to redact', () => {
  test('burned-in text is refused without, in one sentence', async () => {
    await expect(deidentified(filmFile('', '1', { elements: { BurnedInAnnotation: 'YES' } }))).rejects.toThrow(
      'film.dcm says that text is burned into its pixels (Burned In Annotation = YES), which may name the patient; name the strip to redact, or blacken it first.',
    );
  });

  test.each(['rle', 'explicit-big', 'explicit-little', 'monochrome1'])(
    'are black in %s, and nothing else changes',
    async (name) => {
      const file = golden(`dicom/${name}.dcm`);
      const { bytes } = await deidentified(file, { redact: [parseStrip('top:5'), parseStrip('40,30,4,4')] });
      const [{ values, attributes }, after] = [
        await readStored({ bytes: file, name }),
        await readStored({ bytes: bytes!, name }),
      ];
      const { columns } = attributes;
      const hidden = (index: number) => {
        const [row, column] = [Math.floor(index / columns), index % columns];
        return row < 5 || (row >= 30 && row < 34 && column >= 40 && column < 44);
      };
      const darkest = Math.min(...values.filter((_, index) => !hidden(index)));
      expect([...after.values]).toEqual([...values].map((value, index) => (hidden(index) ? darkest : value)));
    },
  );

  test('are black in a picture', async () => {
    const data = Uint16Array.from({ length: 64 * 64 }, (_, index) => 1000 + index);
    const bytes = encodePng({ rows: 64, columns: 64, data });
    const { film, object } = await deidentifyFilm({ bytes, name: 'p' }, () => ({
      ...SUBJECT,
      redact: [parseStrip('left:2')],
    }));
    const after = decodePng(encodeFilm(film)).data;
    expect([after[0], after[1], after[2], after[64], after[4095]]).toEqual([1002, 1002, 1002, 1002, 5095]);
    expect(object).toMatchObject({
      bytes: null,
      report: { sopInstanceUid: null, attributes: [{ action: 'CLEANED' }] },
    });
  });

  test('that lie outside, leave nothing, or are none are refused', async () => {
    const film = filmFile('', '1');
    const redact = (...texts: string[]) => deidentified(film, { redact: texts.map(parseStrip) });
    await expect(redact('200,0,10,10')).rejects.toThrow(
      'film.dcm has 96 x 96 pixels; a strip to redact lies outside of them.',
    );
    await expect(redact('top:96')).rejects.toThrow(
      'film.dcm has nothing left when the strips to redact are taken away.',
    );
    for (const wrong of ['top', 'top:0', 'top:-1', '1,2,3', 'middle:4', '0,0,0,5'])
      expect(() => parseStrip(wrong)).toThrow(/^A strip to redact is written as top:120 .* is not\.$/);
  });
});
