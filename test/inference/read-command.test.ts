import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { packageRoot } from '../../src/domain/package.js';
import { decodePng, encodePng } from '../../src/imaging/png.js';
import { runCommand } from '../helpers/command.js';
import { bilateralDicom, drawnKneePng } from '../helpers/radiographs.js';

let folder: string;
let models: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-read-'));
  models = join(folder, 'models');
  const reader = join(packageRoot, 'test/golden/tiny-reader-bundle');
  await cp(reader, join(models, 'tiny-reader-bundle/1.0.0'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function read(...args: string[]) {
  return runCommand(['read', ...args, '--models', models]);
}

interface Answer {
  bundle: { name: string; version: string };
  notice: string;
  readings: {
    side: string;
    box: { side: number };
    unreadable: string | null;
    probabilities: number[];
    expectedKl: number;
    medial: { mm: number | null; percent: number; femur: number[][]; tibia: number[][] };
    lateral: { mm: number | null; percent: number };
  }[];
}

describe('osteograph read', () => {
  it('reads grade and joint space of one knee, in % of the width where pixels have no size', async () => {
    const { code, stdout } = await read(await file('knee.png', drawnKneePng(110)), '--side', 'R', '--json');
    expect(code).toBe(0);
    const { bundle, notice, readings } = JSON.parse(stdout) as Answer;
    expect([bundle.name, bundle.version]).toEqual(['tiny-reader-bundle', '1.0.0']);
    expect(notice).toContain('for research only');
    expect(readings).toHaveLength(1);
    const [{ probabilities, expectedKl, medial, lateral, unreadable, side, box }] = readings as [Answer['readings'][0]];
    expect([side, box.side, unreadable]).toEqual(['RIGHT', 224, null]);
    // Mean grey 99.42: between the middles of KL 1 (70) and KL 2 (110).
    expect(probabilities.map((chance) => Math.round(100 * chance))).toEqual([0, 13, 87, 0, 0]);
    expect(expectedKl).toBeCloseTo(1.87, 1);
    expect([medial.mm, lateral.mm]).toEqual([null, null]);
    // A right knee has its lateral side on the image's left: 12 of 224 pixels there, 6 on the right.
    expect(lateral.percent).toBeCloseTo(5.4, 0);
    expect(medial.percent).toBeCloseTo(2.7, 0);
    expect(Math.abs(medial.femur[0]![1]! - 108.5)).toBeLessThan(1);
    expect(Math.abs(medial.tibia[0]![1]! - 114.5)).toBeLessThan(1);
  });

  it('takes the same film for a left knee when told so: medial and lateral change places', async () => {
    const { stdout } = await read(await file('left.png', drawnKneePng(110)), '--side', 'L', '--json');
    const { medial, lateral } = (JSON.parse(stdout) as Answer).readings[0]!;
    expect(medial.percent).toBeGreaterThan(lateral.percent);
  });

  it('reads both knees of a bilateral film in mm, says so in lines, and draws them', async () => {
    const film = await file('film.dcm', bilateralDicom());
    const overlay = join(folder, 'overlay.png');
    const { code, stdout } = await read(film, '--overlay', overlay);
    expect(code).toBe(0);
    expect(stdout).toMatch(/film\.dcm: right knee\n {2}grade {10}KL \d \(\d+ %\), expected \d\.\d\n/);
    expect(stdout).toMatch(/film\.dcm: left knee\n/);
    expect(stdout).toContain('Read by tiny-reader-bundle 1.0.0. Automatic reading, for research only');
    const { rows, columns } = decodePng(await readFile(overlay), 'overlay.png');
    expect([rows, columns]).toEqual([596, 968]);
    const one = await read(film, '--side', 'L', '--json');
    const { readings } = JSON.parse(one.stdout) as Answer;
    expect(readings.map(({ side }) => side)).toEqual(['LEFT']);
  });

  it('does not read what is unlike the films of the training, says why, and exits with 1', async () => {
    const { code, stdout } = await read(await file('strange.png', drawnKneePng(250, 120)), '--side', 'R');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /not read {7}strange\.png does not look like a knee film that can be read \(distance 11\d\.\d\d, read are films up to 60\)\./,
    );
  });

  it.each<[string, () => Uint8Array, string[], RegExp]>([
    [
      'a film of one knee that does not say which',
      () => drawnKneePng(110),
      [],
      /does not say which knee it shows; give --side R or --side L/,
    ],
    ['a box without a side', () => drawnKneePng(110), ['--box', '0,0,100'], /--box needs --side/],
    [
      'a black image',
      () => encodePng({ rows: 224, columns: 224, data: new Uint8Array(224 * 224) }),
      ['--side', 'R'],
      /shows nothing: all its pixels have one value/,
    ],
    [
      'a chest',
      () => bilateralDicom({ BodyPartExamined: 'CHEST' }),
      [],
      /shows a body part that its header calls CHEST; a radiograph of a knee is needed/,
    ],
    ['a hand', () => bilateralDicom({ BodyPartExamined: 'HAND' }), [], /shows a body part that its header calls HAND/],
    [
      'a slice of an MRI series',
      () => bilateralDicom({ Modality: 'MR' }),
      [],
      /is a slice of an MRI series; a radiograph of a knee is needed/,
    ],
    ['a volume', () => Buffer.from('5c010000', 'hex'), ['--side', 'R'], /is no DICOM, PNG, TIFF or JPEG file/],
    [
      '40,000 pixels a side',
      () => claimedPng(40_000),
      ['--side', 'R'],
      /claims 40000 x 40000 x 1 pixels; at most 67108864 are accepted/,
    ],
  ])('refuses %s in one sentence', async (name, bytes, args, sentence) => {
    const { code, stdout, stderr } = await read(await file(`${name.replaceAll(/\W/g, '-')}.bin`, bytes()), ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says where a grader is missing', async () => {
    const { code, stderr } = await runCommand([
      'read',
      await file('any.png', drawnKneePng(110)),
      '--side',
      'R',
      '--models',
      folder,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(`No bundle of the task radiograph-reading is ready in ${folder}; ready there: none.`);
  });

  it('has help with examples', async () => {
    const { stdout } = await runCommand(['read', '--help']);
    expect(stdout).toContain('$ osteograph read film.dcm');
  });
});

/** A PNG whose header claims a size that its data does not have. */
function claimedPng(side: number): Buffer {
  const png = Buffer.from(encodePng({ rows: 1, columns: 1, data: new Uint8Array(1) }));
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}
