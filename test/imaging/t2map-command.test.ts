import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { runCommand } from '../helpers/command.js';

let folder: string;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-t2-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const [ROWS, COLUMNS, SLICES] = [4, 5, 3];
/** T2 grows by 5 ms from column to column. */
const t2At = (column: number) => 30 + 5 * column;

/** Echoes at 10, 20, ... ms, all with echo number 1, as some scanners write them. */
async function writeEchoes(name: string, count: number, first = 10, signal = 40_000): Promise<void> {
  await mkdir(path(name), { recursive: true });
  for (let echo = 1; echo <= count; echo++) {
    for (let slice = 0; slice < SLICES; slice++) {
      const pixels = Uint16Array.from({ length: ROWS * COLUMNS }, (_, at) =>
        Math.round(signal * Math.exp((-10 * echo) / t2At(at % COLUMNS))),
      );
      const bytes = encodeDicom({
        ...{ pixels, rows: ROWS, columns: COLUMNS, photometric: 'MONOCHROME2', bitsStored: 16, sopClass: 'MR' },
        sopInstanceUid: `2.25.${100 * echo + slice}`,
        elements: {
          ...{ Modality: 'MR', SeriesInstanceUID: '2.25.9', SeriesDescription: 'SAG_T2_MAP_RIGHT' },
          ...{ InstanceNumber: slice + 1, EchoNumbers: 1, EchoTime: first + 10 * (echo - 1), SliceThickness: 3 },
          ...{ PixelSpacing: [0.4, 0.4], ImagePositionPatient: [3 * slice, 0, 0] },
          ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
        },
      });
      await writeFile(path(join(name, `${echo}-${slice}`)), bytes);
    }
  }
}

test('a multi-echo series becomes a map of T2 in ms on its own grid', async () => {
  await writeEchoes('series', 7);

  const run = await runCommand(['t2map', path('series'), '--out', path('t2')]);

  expect(run).toMatchObject({ code: 0 });
  expect(run.stdout).toContain(
    'T2 of series: 60 of 60 voxels above the floor, median 40.0 ms, echoes at 10, 20, 30, 40, 50, 60, 70 ms.',
  );
  const { volume } = await decodeNifti(await readFile(path('t2/t2.nii.gz')), 't2');
  expect([volume.columns, volume.rows, volume.slices]).toEqual([COLUMNS, ROWS, SLICES]);
  // Whole numbers of 40,000 are exact to a few hundredths of a millisecond.
  for (const [at, value] of volume.data.entries()) expect(value).toBeCloseTo(t2At(at % COLUMNS), 1);
  expect(JSON.parse(await readFile(path('t2/t2.json'), 'utf8'))).toMatchObject({
    tried: 60,
    fitted: 60,
    skipFirst: false,
  });
});

test.each<[string, () => Promise<void>, string[], string]>([
  [
    'two echoes',
    () => writeEchoes('two', 2),
    ['two'],
    'A T2 map needs at least 3 echoes of different echo times; there are 10, 20 ms.',
  ],
  [
    'two echoes of a series that holds more',
    async () => {
      await mkdir(path('enhanced'));
      await copyFile(join(packageRoot, 'test/golden/dicom/enhanced-mr.dcm'), path('enhanced/all.dcm'));
    },
    ['enhanced'],
    'A T2 map needs at least 3 echoes of different echo times; there are 10, 20 ms.',
  ],
  [
    'a series without signal',
    () => writeEchoes('dark', 4, 10, 0),
    ['dark'],
    'dark has no voxel whose signal decays; there is no T2 to map.',
  ],
  ['an empty folder', () => mkdir(path('empty')).then(() => undefined), ['empty'], 'empty holds no DICOM files.'],
  [
    'a folder that is not there',
    () => Promise.resolve(),
    ['nowhere'],
    'nowhere cannot be read: there is no such folder.',
  ],
  [
    'a volume in a file',
    () => writeFile(path('knee.nii.gz'), 'voxels'),
    ['knee.nii.gz'],
    'knee.nii.gz cannot be read: it is no folder.',
  ],
  ['an echo before the pulse', () => writeEchoes('early', 4, -10), ['early'], 'early gives an echo time of -10 ms.'],
  [
    'a floor above 1',
    () => Promise.resolve(),
    ['series', '--floor', '2'],
    '--floor must be a number from 0 to below 1, got "2".',
  ],
])('%s is refused in one sentence, and nothing is written', async (_name, prepare, [name, ...options], sentence) => {
  await prepare();

  const run = await runCommand(['t2map', path(name!), ...options, '--out', path('none')]);

  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain(sentence);
  await expect(readFile(path('none/t2.json'))).rejects.toMatchObject({ code: 'ENOENT' });
});
