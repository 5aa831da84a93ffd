import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom, readDicomTexts } from '../../src/imaging/dicom/read.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { decodeNifti, encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';
import { interruptedCommand, runCommand } from '../helpers/command.js';

const bundle = join(packageRoot, 'test/golden/tiny-superres-bundle');
let folder: string;
const path = (name: string) => join(folder, name);
const superres = (...options: string[]) => runCommand(['superres', ...options, '--bundle', bundle, '--device', 'cpu']);

const SIZE = { rows: 44, columns: 52, slices: 4 };

/** A knee of sorts on 16 bits, white 60,000. */
function volume(changes: Partial<Volume> = {}): Volume {
  const { rows, columns, slices } = SIZE;
  const data = Uint16Array.from({ length: rows * columns * slices }, (_, voxel) => {
    const [x, y] = [voxel % columns, Math.floor(voxel / columns) % rows];
    const inside = (x - 26) ** 2 / 500 + (y - 22) ** 2 / 400 < 1;
    return inside ? 30_000 + Math.round(25_000 * Math.sin(x / 5) * Math.cos(y / 6)) : 100;
  });
  const spacing = [0.6, 0.6, 3] as const;
  const affine = centredAffine('SAGITTAL', [columns, rows, slices], spacing);
  return { rows, columns, slices, data, spacing, affine, placement: 'SCANNER', ...changes };
}

async function writeSeries(name: string, elements: (index: number) => object = () => ({})): Promise<void> {
  const { rows, columns, slices, data, affine } = volume();
  await mkdir(path(name), { recursive: true });
  for (let index = 0; index < slices; index++) {
    const bytes = encodeDicom({
      pixels: (data as Uint16Array).slice(index * rows * columns, (index + 1) * rows * columns),
      rows,
      columns,
      photometric: 'MONOCHROME2',
      bitsStored: 16,
      sopClass: 'MR',
      sopInstanceUid: `2.25.7${index}`,
      elements: {
        ...{
          PatientName: 'Study^One',
          PatientID: 'S1',
          Modality: 'MR',
          SeriesDescription: 'SAG_PD',
          MagneticFieldStrength: '1.5',
        },
        ...{ StudyInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.2', FrameOfReferenceUID: '2.25.3' },
        ...{ InstanceNumber: index + 1, PixelSpacing: [0.6, 0.6], SliceThickness: 3, RepetitionTime: '2450' },
        ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
        ImagePositionPatient: [-affine[3] - affine[2] * index, -affine[7], affine[11]].map((mm) =>
          Number(mm.toFixed(4)),
        ),
        ...elements(index),
      },
    });
    await writeFile(join(path(name), `${index}.dcm`), bytes);
  }
}

async function made(name: string): Promise<Volume> {
  return (await decodeNifti(await readFile(join(path(name), 'superres.nii.gz')))).volume;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-superres-'));
  await writeSeries('series');
  await writeFile(join(path('series'), 'NOTES.txt'), 'Not an image.');
  await writeFile(path('knee.nii.gz'), await encodeNifti(volume(), 'a knee'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('twice as many slices', () => {
  beforeAll(async () => {
    const asked = [path('series'), '--scale', '2', '--through-plane', '2', '--out', path('thin')];
    const { code, stdout, stderr } = await superres(...asked);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Super-resolved series: 8 slices of 104 x 88 pixels, 0\.3 x 0\.3 x 1\.5 mm \(2 times .*, twice as many slices, by/,
    );
  });

  it('lie half as far apart in DICOM and NIfTI, each half as thick', async () => {
    const nifti = await made('thin');
    const [series] = (await scanSeries(join(path('thin'), 'dicom'))).series;
    const dicom = await readSeries(series!);
    expect([dicom.columns, dicom.rows, dicom.slices]).toEqual([104, 88, 8]);
    dicom.affine.forEach((value, place) => expect(value).toBeCloseTo(nifti.affine[place]!, 3));
    // Slices of 3 mm from -4.5 to 4.5 mm: the first half lies from -6 to -4.5 mm.
    expect(nifti.spacing[2]).toBeCloseTo(1.5, 5);
    expect(Math.abs(nifti.affine[3])).toBeCloseTo(5.25, 4);
    const tags = { SliceThickness: 'x00180050', SpacingBetweenSlices: 'x00180088' };
    const texts = await readDicomTexts(join(path('thin'), 'dicom', '003.dcm'), tags);
    expect(texts).toEqual({ SliceThickness: '1.5', SpacingBetweenSlices: '1.5' });
  });

  it('are all there is: another factor is refused', async () => {
    const { code, stderr } = await superres(
      path('series'),
      '--scale',
      '2',
      '--through-plane',
      '3',
      '--out',
      path('none'),
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('--through-plane takes 2, got "3".')]);
  });
});

describe('a folder of DICOM files', () => {
  beforeAll(async () => {
    const { code, stdout, stderr } = await superres(path('series'), '--scale', '2', '--out', path('fine'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Super-resolved series: 4 slices of 104 x 88 pixels, 0\.3 x 0\.3 x 3 mm \(2 times .* by the student, tiny-superres 1\.0\.0\) in [\d.]+ s\. SYNTHETIC/,
    );
  });

  it('becomes DICOM and NIfTI of the same values at the same places', async () => {
    const nifti = await made('fine');
    const { series } = await scanSeries(join(path('fine'), 'dicom'));
    expect(series).toHaveLength(1);
    const dicom = await readSeries(series[0]!);
    expect([dicom.columns, dicom.rows, dicom.slices]).toEqual([104, 88, 4]);
    expect(dicom.data.length).toBe(nifti.data.length);
    dicom.affine.forEach((value, place) => expect(value).toBeCloseTo(nifti.affine[place]!, 3));
    let largest = 0;
    dicom.data.forEach((value, voxel) => (largest = Math.max(largest, Math.abs(value - nifti.data[voxel]!))));
    expect(largest).toBe(0);
  });

  it('keeps its study, its frame of reference and how it was taken, and is a marked series of its own', async () => {
    const tags = {
      PatientID: 'x00100020',
      StudyInstanceUID: 'x0020000d',
      SeriesInstanceUID: 'x0020000e',
      FrameOfReferenceUID: 'x00200052',
      MagneticFieldStrength: 'x00180087',
      RepetitionTime: 'x00180080',
      SyntheticData: 'x0008001c',
      SeriesDescription: 'x0008103e',
      DerivationDescription: 'x00082111',
    };
    const texts = await readDicomTexts(join(path('fine'), 'dicom', '002.dcm'), tags);
    expect(texts).toMatchObject({
      ...{ PatientID: 'S1', StudyInstanceUID: '2.25.1', FrameOfReferenceUID: '2.25.3', RepetitionTime: '2450' },
      ...{ MagneticFieldStrength: '1.5', SyntheticData: 'YES', SeriesDescription: 'SYNTHETIC SR SAG_PD' },
      DerivationDescription: expect.stringMatching(
        /^SYNTHETIC, super-resolved by tiny-superres 1\.0\.0;.* by the student\.$/,
      ),
    });
    expect(texts['SeriesInstanceUID']).toMatch(/^2\.25\.\d+$/);
    expect(texts['SeriesInstanceUID']).not.toBe('2.25.2');
  });

  it('keeps 16 bits: more than 4,096 grey values, white where it was white', async () => {
    const { data } = await made('fine');
    expect(new Set(data).size).toBeGreaterThan(4_096);
    expect(Math.max(...data)).toBeGreaterThan(50_000);
  });

  it('covers the same field of view: the outer edges of both grids are the same', async () => {
    const [coarse, fine] = [volume(), await made('fine')];
    for (const axis of [0, 4, 8] as const) {
      const edge = ({ affine, columns, rows }: Volume, column: number, row: number) =>
        affine[axis] * (column * columns - 0.5) + affine[axis + 1]! * (row * rows - 0.5) + affine[axis + 3]!;
      for (const [column, row] of [
        [0, 0],
        [1, 1],
      ] as const) {
        expect(edge(fine, column, row)).toBeCloseTo(edge(coarse, column, row), 4);
      }
    }
  });

  it('gives the same files again, to the byte but for the time', async () => {
    await superres(path('series'), '--scale', '2', '--out', path('again'));
    expect(
      (await readFile(join(path('again'), 'superres.nii.gz'))).equals(
        await readFile(join(path('fine'), 'superres.nii.gz')),
      ),
    ).toBe(true);
    const pixels = async (name: string) => (await readDicom(join(path(name), 'dicom', '003.dcm'))).pixels;
    expect([...(await pixels('again'))]).toEqual([...(await pixels('fine'))]);
  });

  it('is not written over', async () => {
    const { code, stderr } = await superres(path('series'), '--scale', '2', '--out', path('fine'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds dicom already; give another folder.')]);
  });
});

it('a NIfTI file of odd sizes is unwarped, freed of its bias and enlarged 8/3 times by the teacher', async () => {
  const golden = JSON.parse(await readFile(join(packageRoot, 'test/golden/superres.json'), 'utf8')) as {
    coefficients: object;
  };
  await writeFile(path('scanner.json'), JSON.stringify(golden.coefficients));
  const asked = ['--scale', '2.67', '--bias', '--coefficients', path('scanner.json'), '--teacher', '--steps', '2'];
  const { code, stdout, stderr } = await superres(path('knee.nii.gz'), ...asked, '--out', path('corrected'));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(
    'unwarped by the gradient coefficients of Invented coils, for tests, divided by the coil bias estimated',
  );
  const fine = await made('corrected');
  expect([fine.columns, fine.rows, fine.slices, fine.placement]).toEqual([139, 117, 4, 'SCANNER']);
  expect(readdirSync(join(path('corrected'), 'dicom'))).toHaveLength(4);
});

it('stopped by Ctrl-C in the middle it ends with its code and leaves nothing behind', async () => {
  const asked = ['superres', path('series'), '--scale', '4', '--teacher', '--bundle', bundle, '--device', 'cpu'];
  // The folder that slices are written to is there once the first one is on its way.
  const run = await interruptedCommand([...asked, '--out', path('stopped')], { folder, entry: 'stopped' });
  expect(run).toEqual({ code: 130, stderr: 'osteograph: Stopped; nothing was written.\n' });
  expect(existsSync(path('stopped'))).toBe(false);
});

it('of two into one folder at once the first to end stays whole, and the other is refused', async () => {
  const asked = (scale: string) => superres(path('series'), '--scale', scale, '--out', path('shared'));
  const both = await Promise.all([asked('2'), asked('3')]);
  const [won, lost] = both[0].code === 0 ? both : both.toReversed();
  expect([won!.code, lost!.code]).toEqual([0, 1]);
  expect(lost!.stderr).toMatch(/shared holds (dicom|superres\.nii\.gz) already; give another folder\.\n$/);
  expect(readdirSync(path('shared')).sort()).toEqual(['dicom', 'superres.nii.gz']);
  const nifti = await made('shared');
  const { series } = await scanSeries(join(path('shared'), 'dicom'));
  expect([...(await readSeries(series[0]!)).data]).toEqual([...nifti.data]);
});

it('says that --out cannot be written before anything is read', async () => {
  const { code, stderr } = await superres(path('nothing'), '--scale', '2', '--out', path('series/0.dcm/below'));
  expect([code, stderr]).toEqual([1, `osteograph: ${path('series/0.dcm/below')} is a file; --out takes a folder.\n`]);
});

it.each(['series', 'series/fine'])('--out %s, within the series that is read, is refused', async (out) => {
  const { code, stderr } = await superres(path('series'), '--scale', '2', '--out', path(out));
  expect([code, stderr]).toEqual([
    1,
    `osteograph: ${path(out)} lies in the series itself, which would then hold two; --out takes another folder.\n`,
  ]);
});

it('what is packed and what is not give the same', async () => {
  await writeFile(path('plain.nii'), execFileSync('gzip', ['-dc', path('knee.nii.gz')], { maxBuffer: 1 << 26 }));
  for (const [file, out] of [
    ['plain.nii', 'plain'],
    ['knee.nii.gz', 'packed'],
  ] as const) {
    expect((await superres(path(file), '--scale', '2', '--out', path(out))).code).toBe(0);
  }
  expect([...(await made('plain')).data]).toEqual([...(await made('packed')).data]);
});

describe('refused in one sentence, with nothing written, is', () => {
  beforeAll(async () => {
    await writeSeries('film', () => ({ Modality: 'CR' }));
    await mkdir(path('one'));
    await cp(join(path('series'), '0.dcm'), join(path('one'), '0.dcm'));
    await writeSeries('two', (index) => ({ SeriesInstanceUID: `2.25.${20 + (index % 2)}` }));
    await writeSeries('gap', (index) => ({ ImagePositionPatient: [3 * index + (index === 3 ? 3 : 0), 0, 0] }));
    await mkdir(path('empty'));
    const write = async (name: string, changes: Partial<Volume>) =>
      writeFile(path(name), await encodeNifti(volume(changes), ''));
    await write('coarse.nii.gz', { spacing: [4, 4, 4], affine: centredAffine('SAGITTAL', [52, 44, 4], [4, 4, 4]) });
    await write('dark.nii.gz', { data: new Uint16Array(volume().data.length) });
    await write('nan.nii.gz', {
      data: Float32Array.from(volume().data, (value, voxel) => (voxel === 5000 ? NaN : value)),
    });
    await write('lost.nii.gz', { placement: 'UNKNOWN' });
    await writeFile(path('cut.nii.gz'), (await readFile(path('knee.nii.gz'))).subarray(0, 1500));
    await writeFile(path('text.nii'), 'x'.repeat(500));
  });

  it.each([
    ['a film', 'film', [], 'film holds a film (modality CR); an MRI series is needed.'],
    ['one slice', 'one', [], 'is a single slice; a series of at least 2 is needed.'],
    [
      'one file of DICOM',
      'series/0.dcm',
      [],
      '0.dcm is one DICOM file; give the folder that holds the files of a series.',
    ],
    ['two series', 'two', [], 'two holds 2 series; give a folder with the files of one.'],
    ['a series with a gap', 'gap', [], 'one is missing or misplaced.'],
    ['an empty folder', 'empty', [], 'empty holds no files.'],
    ['what is not there', 'nothing', [], 'nothing cannot be read: there is no such file or folder.'],
    [
      'pixels out of range',
      'coarse.nii.gz',
      [],
      'coarse.nii.gz has pixels of 4 x 4 mm; tiny-superres takes series with pixels of 0.2 to 3 mm.',
    ],
    ['no signal', 'dark.nii.gz', [], 'dark.nii.gz has no signal: its 99.5th percentile is not above 0.'],
    ['what is no number', 'nan.nii.gz', [], 'nan.nii.gz holds values that are not numbers, in slice 3.'],
    ['a damaged file', 'cut.nii.gz', [], 'cut.nii.gz is damaged: its gzip data cannot be unpacked.'],
    ['another file', 'text.nii', [], 'text.nii is not a NIfTI-1 file.'],
    [
      'a scale out of range',
      'knee.nii.gz',
      ['--scale', '5'],
      'The scale is 5; tiny-superres was trained for 1.5 to 4.',
    ],
    ['a scale that is none', 'knee.nii.gz', ['--scale', 'big'], '--scale must be a number above 1, got "big".'],
    [
      'steps of the student',
      'knee.nii.gz',
      ['--steps', '4'],
      'steps is 4; the student of tiny-superres works in 1 steps.',
    ],
    [
      'unwarping a series without a place',
      'lost.nii.gz',
      ['--coefficients', join(packageRoot, 'test/golden/gradients.json')],
      'lost.nii.gz does not say where it lies in the scanner, without which it cannot be unwarped.',
    ],
    [
      'coefficients that are none',
      'knee.nii.gz',
      ['--coefficients', join(packageRoot, 'package.json')],
      'package.json is no file of gradient coefficients',
    ],
  ])('%s', async (_, name, options, sentence) => {
    const scale = options.includes('--scale') ? [] : ['--scale', '2'];
    const { code, stdout, stderr } = await superres(path(name), ...scale, ...options, '--out', path('refused'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim()).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(path('refused'))).toBe(false);
    expect(readdirSync(folder).filter((entry) => entry.includes('part-'))).toEqual([]);
  });
});
