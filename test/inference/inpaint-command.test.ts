import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom, readDicomTexts } from '../../src/imaging/dicom/read.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { decodeNifti, encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine, type Volume } from '../../src/imaging/volume.js';
import { interruptedCommand, runCommand } from '../helpers/command.js';

const bundle = join(packageRoot, 'test/golden/tiny-inpaint-bundle');
let folder: string;
const path = (name: string) => join(folder, name);
const inpaint = (...options: string[]) => runCommand(['inpaint', ...options, '--bundle', bundle, '--device', 'cpu']);

const SIZE = { rows: 44, columns: 52, slices: 6 };
const VOXELS = SIZE.rows * SIZE.columns;
const spacing = [0.6, 0.6, 3] as const;
const affine = centredAffine('SAGITTAL', [SIZE.columns, SIZE.rows, SIZE.slices], spacing);

/** A knee of sorts on 16 bits, white 60,000. */
function volume(changes: Partial<Volume> = {}): Volume {
  const data = Uint16Array.from({ length: VOXELS * SIZE.slices }, (_, voxel) => {
    const [x, y, z] = [voxel % SIZE.columns, Math.floor(voxel / SIZE.columns) % SIZE.rows, Math.floor(voxel / VOXELS)];
    const inside = (x - 26) ** 2 / 500 + (y - 22) ** 2 / 400 < 1;
    return inside ? 30_000 + Math.round(25_000 * Math.sin((x + z) / 5) * Math.cos(y / 6)) : 100;
  });
  return { ...SIZE, data, spacing, affine, placement: 'SCANNER', ...changes };
}

/** What `hidden` says is hidden, by slice, row and column. */
function mask(hidden: (slice: number, row: number, column: number) => boolean): Uint16Array {
  return Uint16Array.from({ length: VOXELS * SIZE.slices }, (_, voxel) => {
    const place = voxel % VOXELS;
    const [row, column] = [Math.floor(place / SIZE.columns), place % SIZE.columns];
    return hidden(Math.floor(voxel / VOXELS), row, column) ? 1 : 0;
  });
}

/** A blob through two slices, and a lost slice. */
const metal = mask((slice, row, column) => slice === 4 || (slice < 2 && (row - 20) ** 2 + (column - 25) ** 2 < 60));

async function writeSeries(name: string, elements: (index: number) => object = () => ({})): Promise<void> {
  const { rows, columns, slices, data } = volume();
  await mkdir(path(name), { recursive: true });
  for (let index = 0; index < slices; index++) {
    const bytes = encodeDicom({
      pixels: (data as Uint16Array).slice(index * VOXELS, (index + 1) * VOXELS),
      ...{ rows, columns, photometric: 'MONOCHROME2', bitsStored: 16, sopClass: 'MR' },
      sopInstanceUid: `2.25.7${index}`,
      elements: {
        ...{ PatientName: 'Study^One', PatientID: 'S1', Modality: 'MR', SeriesDescription: 'SAG_PD' },
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

const fileOf = (name: string) => readFile(join(path(name), 'inpainted.nii.gz'));

async function made(name: string): Promise<Volume> {
  return (await decodeNifti(await fileOf(name))).volume;
}

/** How many voxels differ where they were seen, and how many where they were hidden. */
function differences(found: ArrayLike<number>, given: ArrayLike<number>, hidden: ArrayLike<number>): [number, number] {
  const count: [number, number] = [0, 0];
  for (let voxel = 0; voxel < given.length; voxel++) {
    if (found[voxel] !== given[voxel]) count[hidden[voxel] ? 1 : 0]++;
  }
  return count;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-inpaint-'));
  await writeSeries('series');
  await writeFile(path('knee.nii.gz'), await encodeNifti(volume(), 'a knee'));
  await writeFile(path('metal.nii.gz'), await encodeNifti(volume({ data: metal }), 'a mask'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a folder of DICOM files', () => {
  beforeAll(async () => {
    const asked = [path('series'), '--mask', path('metal.nii.gz'), '--out', path('filled')];
    const { code, stdout, stderr } = await inpaint(...asked);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Inpainted series: 1 lost slice and \d+ pixels of 2 slices filled in \(tiny-inpaint 1\.0\.0\) in [\d.]+ s\. SYNTHETIC/,
    );
  });

  it('becomes DICOM and NIfTI of the same values at the same places, changed under the mask alone', async () => {
    const nifti = await made('filled');
    const { series } = await scanSeries(join(path('filled'), 'dicom'));
    expect(series).toHaveLength(1);
    const dicom = await readSeries(series[0]!);
    expect([...dicom.data]).toEqual([...nifti.data]);
    dicom.affine.forEach((value, place) => expect(value).toBeCloseTo(nifti.affine[place]!, 3));
    const given = volume().data;
    expect(differences(nifti.data, given, metal)[0]).toBe(0);
    // Air may be filled with air.
    const tissue = metal.map((one, voxel) => (one && given[voxel]! > 100 ? 1 : 0));
    const changed = tissue.filter((one, voxel) => one && nifti.data[voxel] !== given[voxel]).length;
    expect(changed).toBeGreaterThan(0.9 * tissue.reduce((sum, one) => sum + one, 0));
    expect(nifti.data).toBeInstanceOf(Uint16Array);
    expect(readdirSync(path('filled')).sort()).toEqual(['dicom', 'inpainted.nii.gz']);
    expect(readdirSync(join(path('filled'), 'dicom'))).toHaveLength(SIZE.slices);
  });

  it('keeps its study and its frame of reference, and is a marked series of its own', async () => {
    const tags = {
      ...{ PatientID: 'x00100020', StudyInstanceUID: 'x0020000d', SeriesInstanceUID: 'x0020000e' },
      ...{ FrameOfReferenceUID: 'x00200052', RepetitionTime: 'x00180080', SyntheticData: 'x0008001c' },
      ...{ SeriesDescription: 'x0008103e', DerivationDescription: 'x00082111' },
    };
    const texts = await readDicomTexts(join(path('filled'), 'dicom', '002.dcm'), tags);
    expect(texts).toMatchObject({
      ...{ PatientID: 'S1', StudyInstanceUID: '2.25.1', FrameOfReferenceUID: '2.25.3', RepetitionTime: '2450' },
      ...{ SyntheticData: 'YES', SeriesDescription: 'SYNTHETIC INPAINTED SAG_PD' },
      DerivationDescription: expect.stringMatching(
        /^SYNTHETIC, filled in by tiny-inpaint 1\.0\.0;.* 1 lost slice and \d+ pixels of 2 slices filled in\.$/,
      ),
    });
    expect(texts['SeriesInstanceUID']).not.toBe('2.25.2');
  });

  it('gives another series UID for another mask, and the same one for the same', async () => {
    const shifted = mask(
      (slice, row, column) => slice === 3 || (slice < 2 && (row - 20) ** 2 + (column - 25) ** 2 < 60),
    );
    await writeFile(path('shifted.nii.gz'), await encodeNifti(volume({ data: shifted }), ''));
    await inpaint(path('series'), '--mask', path('shifted.nii.gz'), '--out', path('other'));
    await inpaint(path('series'), '--mask', path('metal.nii.gz'), '--out', path('again'));
    const uid = async (name: string) =>
      (await readDicomTexts(join(path(name), 'dicom', '001.dcm'), { uid: 'x0020000e' }))['uid'];
    expect(await uid('again')).toBe(await uid('filled'));
    expect(await uid('other')).not.toBe(await uid('filled'));
    expect((await fileOf('again')).equals(await fileOf('filled'))).toBe(true);
  });

  it('keeps the numbers of slices that a scanner scales one by one', async () => {
    await writeSeries('scaled', (index) => ({ RescaleSlope: String(0.25 + index / 8), RescaleIntercept: '-3' }));
    const { code } = await inpaint(path('scaled'), '--mask', path('metal.nii.gz'), '--out', path('rescaled'));
    expect(code).toBe(0);
    for (const index of [0, 1, 2, 3, 5]) {
      const [given, found] = await Promise.all([
        readDicom(join(path('scaled'), `${index}.dcm`)),
        readDicom(join(path('rescaled'), 'dicom', `00${index + 1}.dcm`)),
      ]);
      const hidden = metal.slice(index * VOXELS, (index + 1) * VOXELS);
      expect(differences(found.pixels, given.pixels, hidden)[0]).toBe(0);
    }
  });
});

describe('a NIfTI file', () => {
  it.each([
    ['8 bits', 2, 1, (value: number) => value >> 8],
    ['signed 16 bits', 4, 2, (value: number) => (value >> 1) - 200],
    ['32-bit floats', 16, 4, (value: number) => value / 7],
  ] as const)(
    'of %s keeps its type, its header and every voxel outside of the mask',
    async (_, datatype, size, change) => {
      const head = gunzipSync(await encodeNifti(volume(), 'as the scanner wrote it')).subarray(0, 352);
      head.writeInt16LE(datatype, 70);
      head.writeInt16LE(8 * size, 72);
      head.write('proton density', 228, 'latin1');
      head.writeFloatLE(0.5, 112);
      head.writeFloatLE(10, 116);
      const body = Buffer.alloc(size * VOXELS * SIZE.slices);
      volume().data.forEach((value, voxel) => {
        if (size === 1) body.writeUInt8(change(value), voxel);
        else if (size === 2) body.writeInt16LE(change(value), 2 * voxel);
        else body.writeFloatLE(change(value), 4 * voxel);
      });
      await writeFile(path('typed.nii.gz'), gzipSync(Buffer.concat([head, body])));
      const out = `typed-${size}`;
      const { code, stderr } = await inpaint(path('typed.nii.gz'), '--mask', path('metal.nii.gz'), '--out', path(out));
      expect([code, stderr]).toEqual([0, '']);

      const file = gunzipSync(await fileOf(out));
      const offset = file.readFloatLE(108);
      const kept = Buffer.from(file.subarray(0, 348));
      expect(kept.toString('latin1', 148, 228)).toMatch(/^SYNTHETIC, filled in by tiny-inpaint 1\.0\.0;/);
      // Beside the description only the place of the voxels is another.
      head.copy(kept, 108, 108, 112);
      head.copy(kept, 148, 148, 228);
      expect(kept.equals(head.subarray(0, 348))).toBe(true);
      expect(JSON.parse(file.toString('utf8', 360, offset).replace(/\0+$/, ''))).toMatchObject({
        ...{ synthetic: true, source: 'typed.nii.gz', bundle: { name: 'tiny-inpaint' } },
      });
      const bytes = file.subarray(offset);
      expect(bytes.length).toBe(body.length);
      let [seen, hidden] = [0, 0];
      metal.forEach((one, voxel) => {
        const [from, to] = [voxel * size, (voxel + 1) * size];
        if (bytes.subarray(from, to).equals(body.subarray(from, to))) return;
        if (one) hidden++;
        else seen++;
      });
      expect(seen).toBe(0);
      expect(hidden).toBeGreaterThan(1_000);
    },
  );

  it('of the other byte order keeps it', async () => {
    const plain = gunzipSync(await encodeNifti(volume(), 'a knee'));
    const swapped = Buffer.from(plain);
    const swap = (at: number, size: number) => swapped.subarray(at, at + size).reverse();
    for (const at of [0, 108, 112, 116, 32]) swap(at, 4);
    for (let at = 40; at < 56; at += 2) swap(at, 2);
    for (const at of [70, 72, 74, 252, 254]) swap(at, 2);
    for (let at = 76; at < 108; at += 4) swap(at, 4);
    for (let at = 256; at < 328; at += 4) swap(at, 4);
    for (let at = 352; at < plain.length; at += 2) swap(at, 2);
    await writeFile(path('big.nii'), swapped);
    const { code } = await inpaint(path('big.nii'), '--mask', path('metal.nii.gz'), '--out', path('big'));
    await inpaint(path('knee.nii.gz'), '--mask', path('metal.nii.gz'), '--out', path('little'));
    expect(code).toBe(0);
    expect(gunzipSync(await fileOf('big')).readInt32BE(0)).toBe(348);
    expect([...(await made('big')).data]).toEqual([...(await made('little')).data]);
  });
});

it('stopped by Ctrl-C it ends with its code and leaves nothing behind', async () => {
  const asked = ['inpaint', path('series'), '--mask', path('metal.nii.gz'), '--bundle', bundle, '--device', 'cpu'];
  const run = await interruptedCommand([...asked, '--out', path('stopped')], { folder, entry: 'stopped' });
  expect(run).toEqual({ code: 130, stderr: 'osteograph: Stopped; nothing was written.\n' });
  expect(existsSync(path('stopped'))).toBe(false);
});

describe('refused in one sentence, with nothing written, is', () => {
  beforeAll(async () => {
    const write = async (name: string, changes: Partial<Volume>) =>
      writeFile(path(name), await encodeNifti(volume(changes), ''));
    await write('empty.nii.gz', { data: mask(() => false) });
    await write('all.nii.gz', { data: mask(() => true) });
    await write('three.nii.gz', { data: mask((slice) => slice < 3) });
    await write('large.nii.gz', { columns: 26, rows: 88, data: metal });
    await write('away.nii.gz', { affine: centredAffine('CORONAL', [52, 44, 6], spacing), data: metal });
    const coarse = { spacing: [4, 4, 4] as const, affine: centredAffine('SAGITTAL', [52, 44, 6], [4, 4, 4]) };
    await write('coarse.nii.gz', coarse);
    await write('coarse-mask.nii.gz', { ...coarse, data: metal });
    await write('dark.nii.gz', { data: new Uint16Array(metal.length) });
    await writeFile(path('text.nii'), 'x'.repeat(500));
    await writeFile(path('cut.nii.gz'), (await readFile(path('metal.nii.gz'))).subarray(0, 200));
    await writeSeries('film', () => ({ Modality: 'CR' }));
    await mkdir(path('one'));
    await cp(join(path('series'), '0.dcm'), join(path('one'), '0.dcm'));
    await cp(join(path('series'), '0.dcm'), path('film.dcm'));
  });

  const [series, good] = ['series', 'metal.nii.gz'];
  it.each<[string, string, string, string[], string]>([
    ['an empty mask', series, 'empty.nii.gz', [], 'empty.nii.gz hides nothing: no voxel of it is above 0.'],
    ['a mask of everything', series, 'all.nii.gz', [], 'all.nii.gz hides the whole series.'],
    [
      'a slice without context',
      series,
      'three.nii.gz',
      [],
      'three.nii.gz leaves nothing to fill slice 1 in from: it is hidden whole, and so are the 2 slices on either side.',
    ],
    [
      'a mask of another size',
      series,
      'large.nii.gz',
      [],
      'large.nii.gz is 26 x 88 x 6 voxels and the series 52 x 44 x 6; they must be of one size.',
    ],
    [
      'a mask that lies elsewhere',
      series,
      'away.nii.gz',
      [],
      'away.nii.gz lies elsewhere than the series: their affines do not put the same voxels at the same places.',
    ],
    ['a mask that is none', series, 'text.nii', [], 'text.nii is not a NIfTI-1 file.'],
    ['a damaged mask', series, 'cut.nii.gz', [], 'cut.nii.gz is damaged: its gzip data cannot be unpacked.'],
    [
      'a mask that is not there',
      series,
      'none.nii.gz',
      [],
      'none.nii.gz cannot be read: there is no such file or folder.',
    ],
    ['a folder as a mask', series, 'series', [], 'series is a folder; a NIfTI file is needed.'],
    ['a film', 'film', good, [], 'film holds a film (modality CR); an MRI series is needed.'],
    [
      'a file of DICOM',
      'film.dcm',
      good,
      [],
      'film.dcm is one DICOM file; give the folder that holds the files of a series.',
    ],
    ['one slice', 'one', good, [], 'is a single slice; a series of at least 2 is needed.'],
    ['what is not there', 'nothing', good, [], 'nothing cannot be read: there is no such file or folder.'],
    [
      'pixels out of range',
      'coarse.nii.gz',
      'coarse-mask.nii.gz',
      [],
      'coarse.nii.gz has pixels of 4 x 4 mm; tiny-inpaint takes series with pixels of 0.2 to 3 mm.',
    ],
    [
      'no signal',
      'dark.nii.gz',
      good,
      [],
      'dark.nii.gz has no signal: the 99.5th percentile of what is seen of it is not above 0.',
    ],
    ['a number of steps', series, good, ['--steps', '3'], 'steps is 3; tiny-inpaint works in 1, 2, 4 steps.'],
  ])('%s', async (_, name, hidden, options, sentence) => {
    const asked = [path(name), '--mask', path(hidden), ...options, '--out', path('refused')];
    const { code, stdout, stderr } = await inpaint(...asked);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim()).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(path('refused'))).toBe(false);
  });

  it.each([
    [
      'metal.nii.gz/below',
      /metal\.nii\.gz\/below (is a file; --out takes a folder|cannot be written: a file is in the place of a folder)\.$/,
    ],
    ['filled', /filled holds dicom already; give another folder\.$/],
  ])('--out %s, before anything is read', async (out, sentence) => {
    const { code, stderr } = await inpaint(path('nothing'), '--mask', path('none.nii.gz'), '--out', path(out));
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(sentence);
  });

  it('and --out of which the disk says no', async () => {
    const { code, stderr } = await inpaint(path('nothing'), '--mask', path('none.nii.gz'), '--out', '/proc/filled');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^osteograph: \/proc\/filled cannot be written: .*\.\n$/),
    ]);
  });
});
