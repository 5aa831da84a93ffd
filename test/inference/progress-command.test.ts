import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { compiledModule, packageRoot } from '../../src/domain/package.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { runCommand } from '../helpers/command.js';

let folder: string;
const path = (name: string) => join(folder, name);
const progress = (...options: string[]) =>
  runCommand(['progress', ...options, '--models', path('models'), '--device', 'cpu']);

/** A synthetic knee, JSN 2, 8 bits. */
const KNEE = join(packageRoot, 'test/golden/films/narrowed-L.png');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-progress-'));
  for (const bundle of ['tiny-reader-bundle', 'tiny-progression-bundle', 'tiny-restorer-bundle']) {
    await cp(join(packageRoot, 'test/golden', bundle), path(`models/${bundle}/1.0.0`), { recursive: true });
  }
  const knee = decodePng(await readFile(KNEE));
  const pixels = Uint16Array.from(knee.data, (value, at) => value * 190 + (at % 190));
  const dicom = encodeDicom({
    ...{ pixels, rows: knee.rows, columns: knee.columns, photometric: 'MONOCHROME2', bitsStored: 16, sopClass: 'CR' },
    sopInstanceUid: '2.25.1',
    elements: { PatientName: 'Doe^Jane', PatientID: '4711', Modality: 'CR', PixelSpacing: [0.4, 0.4] },
  });
  await writeFile(path('film.dcm'), dicom);
  await writeFile(path('black.png'), encodePng({ rows: 100, columns: 100, data: new Uint8Array(10_000) }));
  await writeFile(
    path('bright.png'),
    encodePng({ rows: 100, columns: 100, data: Uint8Array.from({ length: 10_000 }, (_, at) => 240 + (at % 16)) }),
  );
  await writeFile(
    path('flat.png'),
    encodePng({ rows: 100, columns: 100, data: Uint8Array.from({ length: 10_000 }, (_, at) => (at < 100 ? 90 : 100)) }),
  );
  await writeFile(path('volume.nii'), new Uint8Array(400));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const table = async (out: string) =>
  parse(await readFile(join(path(out), 'curve.csv'), 'utf8'), { columns: true }) as Record<string, string>[];

test('a DICOM film becomes frames whose joint space falls, in 16 bits, marked, and naming no patient', async () => {
  const options = ['--from', '0', '--kl', '4', '--frames', '5', '--format', 'png,gif,mp4,dicom'];
  const { code, stdout, stderr } = await progress(
    '--xray',
    path('film.dcm'),
    '--side',
    'L',
    ...options,
    '--out',
    path('worse'),
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^film\.dcm: left knee, KL 0 to 4, medial compartment, 5 frames in \d+\.\d s\. SYNTHETIC/);
  expect((await readdir(path('worse'))).sort()).toEqual(
    [
      ...['curve.csv', 'curve.png', 'provenance.json', 'progression.dcm', 'progression.gif', 'progression.mp4'],
      ...[0, 1, 2, 3, 4].map((index) => `frame-0${index}.png`),
    ].sort(),
  );
  const rows = await table('worse');
  const widths = rows.map((row) => Number(row['jsw_percent']));
  widths.slice(1).forEach((width, index) => expect(width).toBeLessThanOrEqual(widths[index]! + 0.05));
  expect(widths.at(-1)! / widths[0]!).toBeLessThan(0.95);
  expect(Number(rows[0]!['jsw_mm'])).toBeCloseTo(
    (widths[0]! / 100) * 0.4 * decodePng(await readFile(join(path('worse'), 'frame-00.png'))).columns,
    2,
  );
  rows.forEach((row) => expect(Number(row['least_jacobian'])).toBeGreaterThanOrEqual(0.3));
  const frames = await Promise.all(
    [0, 4].map(async (index) => decodePng(await readFile(join(path('worse'), `frame-0${index}.png`)))),
  );
  expect(new Set(frames[1]!.data).size).toBeGreaterThan(4_096);
  const last = await readFile(join(path('worse'), 'frame-04.png'));
  expect(last.toString('latin1')).toContain('SYNTHETIC, made by tiny-progression-bundle 1.0.0');
  const written = await readFile(join(path('worse'), 'progression.dcm'));
  expect(written.toString('latin1')).not.toMatch(/Doe|4711/);
  const { attributes, pixels } = await readDicom({ bytes: written, name: 'progression.dcm' });
  expect(attributes).toMatchObject({ synthetic: true, frames: 5, pixelSpacing: [0.4, 0.4], patientId: null });
  expect([...pixels.slice(-frames[1]!.data.length)]).toEqual([...frames[1]!.data]);
  expect((await readFile(join(path('worse'), 'progression.gif'))).subarray(0, 6).toString()).toBe('GIF89a');
  expect((await readFile(join(path('worse'), 'progression.mp4'))).subarray(4, 8).toString()).toBe('ftyp');
});

test('the first frame is the film itself, bit by bit, and one of 8 bits gets 16 with the same white', async () => {
  const { code } = await progress(
    '--xray',
    KNEE,
    '--side',
    'L',
    '--frames',
    '2',
    '--from',
    '1',
    '--out',
    path('first'),
  );
  expect(code).toBe(0);
  const { data, rows, columns } = decodePng(await readFile(KNEE));
  const frame = decodePng(await readFile(join(path('first'), 'frame-00.png')));
  const side = Math.min(rows, columns);
  const [top, left] = [Math.round((rows - side) / 2), Math.round((columns - side) / 2)];
  const cut = Array.from(
    { length: side * side },
    (_, at) => 257 * data[(top + Math.floor(at / side)) * columns + left + (at % side)]!,
  );
  expect([...frame.data]).toEqual(cut);
});

test('a better grade opens the joint', async () => {
  const { code } = await progress(
    '--xray',
    KNEE,
    '--side',
    'L',
    '--frames',
    '3',
    '--from',
    '4',
    '--kl',
    '0',
    '--compartment',
    'both',
    '--out',
    path('better'),
  );
  expect(code).toBe(0);
  const widths = (await table('better')).map((row) => Number(row['jsw_percent']));
  expect(widths.at(-1)! / widths[0]!).toBeGreaterThan(1.4);
  const provenance = JSON.parse(await readFile(join(path('better'), 'provenance.json'), 'utf8')) as object;
  expect(provenance).toMatchObject({
    synthetic: true,
    asked: { own: 4, wished: 0, affected: 'BOTH', frames: 3, side: 'LEFT' },
    bundle: { name: 'tiny-progression-bundle', version: '1.0.0' },
    grader: { name: 'tiny-reader-bundle' },
  });
});

test.each([
  [['--kl', '5'], 'The wished KL grade is 5; it is a whole number from 0 to 4.'],
  [['--from', '4', '--kl', '4'], 'The film has KL 4 already; ask for another grade.'],
  [['--frames', '100'], 'frames is 100; 2 to 33 are made.'],
  [['--bundle', 'tiny-restorer-bundle'], expect.stringContaining('tiny-restorer') as string],
  [['--xray', 'black.png'], 'black.png shows nothing: all its pixels have one value.'],
  [['--xray', 'volume.nii'], 'volume.nii is no DICOM, PNG, TIFF or JPEG file; radiographs are read from these.'],
  [
    ['--xray', 'bright.png'],
    expect.stringMatching(/^bright\.png does not look like a knee film that can be read/) as string,
  ],
  [
    ['--xray', 'flat.png'],
    'flat.png cannot be changed: the edges of its joint could not be traced, because it shows none.',
  ],
])('%j is refused in one sentence, and nothing is written', async (options, sentence) => {
  const given = options.map((option) => (/\.(png|nii)$/.test(option) ? path(option) : option));
  const film = options.includes('--xray') ? [] : ['--xray', KNEE];
  const { code, stdout, stderr } = await progress(...film, '--side', 'L', ...given, '--out', path('refused'));
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.replace(/^osteograph: /, '').trim()).toEqual(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  await expect(readdir(path('refused'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  [['--compartment', 'front'], 'It must be medial, lateral or both.'],
  [['--format', 'png,avi'], 'It must be of png, gif, mp4, dicom, got "avi".'],
  [['--kl', 'bad'], '--kl must be a whole number, got "bad".'],
])('%j is refused before anything is read', async (options, sentence) => {
  const { code, stderr } = await progress('--xray', KNEE, '--side', 'L', ...options, '--out', path('refused'));
  expect(code).not.toBe(0);
  expect(stderr).toContain(sentence);
});

test.each([
  ['film.dcm', 'a file is in the place of a folder'],
  ['film.dcm/below', 'a file is in the place of a folder'],
])('--out %s, where no folder can be, is refused in one sentence', async (out, why) => {
  const options = ['--from', '0', '--kl', '4', '--frames', '2', '--out', path(out)];
  const { code, stderr } = await progress('--xray', KNEE, '--side', 'L', ...options);
  expect([code, stderr]).toEqual([1, `osteograph: ${path(out)} cannot be written: ${why}.\n`]);
});

test('where a file cannot be written whole, nothing is left behind', async () => {
  // 16 KiB: the first frame fits, the curve does not.
  const command = `ulimit -f 16; exec "$0" "$@"`;
  const options = [
    '--side',
    'L',
    '--from',
    '0',
    '--kl',
    '4',
    '--frames',
    '2',
    '--models',
    path('models'),
    '--device',
    'cpu',
  ];
  const args = [compiledModule('cli/main'), 'progress', '--xray', KNEE, ...options, '--out', path('full')];
  const failure = promisify(execFile)('bash', ['-c', command, process.execPath, ...args]);
  await expect(failure).rejects.toMatchObject({
    code: 1,
    stderr: 'osteograph: A file cannot be written: it would be larger than a file may be.\n',
  });
  await expect(readdir(path('full'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a film with a grade as it is read is not brought to that grade', async () => {
  const { stdout } = await progress('--xray', KNEE, '--side', 'L', '--frames', '2', '--kl', '4', '--out', path('read'));
  const own = /KL (\d) to 4/.exec(stdout)![1]!;
  const { code, stderr } = await progress('--xray', KNEE, '--side', 'L', '--kl', own, '--out', path('same'));
  expect([code, stderr]).toEqual([1, `osteograph: The film has KL ${own} already; ask for another grade.\n`]);
});
