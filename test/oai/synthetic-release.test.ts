import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/domain/errors.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { writeRelease } from '../../src/oai/synthetic/release.js';
import type { ReleaseParameters } from '../../src/oai/synthetic/release.js';

const small: ReleaseParameters = { participants: 30, seed: 11, visits: ['V00'], compact: true, imageParticipants: 2 };
const tables: ReleaseParameters = {
  participants: 150,
  seed: 11,
  visits: ['V00', 'V06', 'V07', 'V08'],
  compact: true,
  imageParticipants: 0,
};

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'synthetic-release-'));
  await writeRelease(small, { out: join(home, 'one'), threads: 1 });
  await writeRelease(tables, { out: join(home, 'tables') });
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('a synthetic release', () => {
  test('has the same bytes for the same seed, whatever the number of threads', async () => {
    await writeRelease(small, { out: join(home, 'two'), threads: 2 });
    const digests = await digestsOf(join(home, 'one'));
    expect(digests.size).toBeGreaterThan(320);
    expect(await digestsOf(join(home, 'two'))).toEqual(digests);
  });

  test('draws chosen people with a grade set in every knee, and is otherwise the same release', async () => {
    await writeRelease(
      { ...small, imagesOf: [1], grades: { XRCYTM: 1, XRKL: 4 } },
      { out: join(home, 'cyst'), threads: 1 },
    );
    const rows = (await lines(join(home, 'cyst', '00m', 'contents.csv'))).slice(1).map((row) => row.split(','));
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(['1000002']));
    const readings = await lines(join(home, 'cyst', 'tables', 'kxr_sq_bu00.txt'));
    const column = readings[0]!.split('|').indexOf('V00XRCYTM');
    const cysts = readings.slice(1).filter((row) => row.split('|')[2] === '15');
    expect(new Set(cysts.map((row) => row.split('|')[column]))).toEqual(new Set(['1']));
    const right = rows.find((row) => row[5] === 'COR_T1_3D_FLASH_RIGHT')![0]!;
    const pixelsOf = async (release: string) => (await readDicom(join(home, release, '00m', right, '040'))).pixels;
    const [without, with_] = [await pixelsOf('one'), await pixelsOf('cyst')];
    const changed = with_.filter((value, index) => value !== without[index]).length;
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThan(with_.length / 2);
  });

  test('lists in contents.csv exactly the image folders there are', async () => {
    const [header, ...rows] = await lines(join(home, 'one', '00m', 'contents.csv'));
    expect(header).toBe('Folder,ParticipantID,StudyDate,Barcode,StudyDescription,SeriesDescription');
    expect(rows).toHaveLength(6);
    for (const row of rows) {
      const [folder, id, date, barcode] = row.split(',');
      expect(folder).toMatch(/^0\.(C\.2|E\.1)\/1\d{6}\/\d{8}\/\d{8}$/);
      expect(folder!.split('/').slice(1)).toEqual([id, date, barcode!.padStart(8, '0')]);
      const files = await readdir(join(home, 'one', '00m', folder!));
      expect([1, 80]).toContain(files.length);
      expect(files).toContain('001');
    }
  });

  test('holds DICOM that says it is synthetic, with the geometry of the sequence', async () => {
    const rows = (await lines(join(home, 'one', '00m', 'contents.csv'))).slice(1).map((row) => row.split(','));
    const left = rows.find((row) => row[5] === 'COR_T1_3D_FLASH_LEFT')!;
    const first = await readDicom(join(home, 'one', '00m', left[0]!, '001'));
    const last = await readDicom(join(home, 'one', '00m', left[0]!, '080'));
    expect(first.attributes).toMatchObject({
      synthetic: true,
      modality: 'MR',
      patientId: left[1],
      laterality: 'L',
      rows: 256,
      columns: 256,
      pixelSpacing: [0.625, 0.625],
      sliceThickness: 1.5,
      echoTime: 7.57,
      accessionNumber: `0166${left[0]!.slice(-8)}`,
    });
    // Patient coordinates grow to the back: the series runs from posterior to anterior.
    expect(first.attributes.position![1] - last.attributes.position![1]).toBeCloseTo(79 * 1.5, 6);
    const radiograph = rows.find((row) => row[5] === 'Bilateral PA Fixed Flexion Knee')!;
    const film = await readDicom(join(home, 'one', '00m', radiograph[0]!, '001'));
    expect(film.attributes).toMatchObject({
      synthetic: true,
      modality: 'CR',
      pixelSpacing: [0.3, 0.3],
      bitsStored: 12,
    });
  });

  test('of films only has the same films and no MRI', async () => {
    await writeRelease({ ...small, filmsOnly: true }, { out: join(home, 'films'), threads: 1 });
    const whole = await digestsOf(join(home, 'one', '00m'));
    const films = [...(await digestsOf(join(home, 'films', '00m')))].filter(([path]) => path !== '/contents.csv');
    expect(films).toHaveLength(2);
    for (const [path, digest] of films) expect(whole.get(path)).toBe(digest);
    const [truth, ofFilms] = await Promise.all(
      ['one', 'films'].map((name) => lines(join(home, name, 'synthetic-truth.csv'))),
    );
    const places = (rows: string[]) => rows.map((row) => row.split(',').slice(5));
    expect(places(ofFilms!)).toEqual(places(truth!));
  });

  test('says where each knee is on its film', async () => {
    const [header, ...rows] = await lines(join(home, 'one', 'synthetic-truth.csv'));
    expect(header).toMatch(/^ID,VISIT,SIDE,FILM_BARCODE,MR_BARCODE,CENTRE_COL_PX,/);
    expect(rows).toHaveLength(4);
    const [, , side, film, mri, column, , width, boxLeft, , boxSide] = rows[0]!.split(',');
    expect([side, film!.length, mri!.length]).toEqual(['RIGHT', 12, 12]);
    expect(Number(boxLeft) + Number(boxSide) / 2).toBeCloseTo(Number(column), 1);
    expect(Number(boxSide)).toBeCloseTo(1.22 * Number(width), 1);
  });

  test('calls itself synthetic, and its participants have IDs that no real one has', async () => {
    expect(await readFile(join(home, 'one', 'README.txt'), 'utf8')).toMatch(/^SYNTHETIC RELEASE/);
    const ids = (await lines(join(home, 'one', 'tables', 'Enrollees.txt'))).slice(1).map((row) => row.split('|')[0]);
    expect(ids[0]).toBe('1000001');
    expect(ids).toHaveLength(30);
  });
});

describe('the tables of a synthetic release', () => {
  test('are labelled, pipe-separated and end in CRLF', async () => {
    for (const name of await readdir(join(home, 'tables', 'tables'))) {
      const text = await readFile(join(home, 'tables', 'tables', name), 'latin1');
      expect(text.endsWith('\r\n')).toBe(true);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const rows = text.trimEnd().split('\r\n');
      const width = rows[0]!.split('|').length;
      for (const row of rows) expect(row.split('|')).toHaveLength(width);
    }
  });

  test('have the real columns in the real order', async () => {
    const header = async (name: string) => (await lines(join(home, 'tables', 'tables', name)))[0]!;
    expect(await header('kxr_sq_bu00.txt')).toBe(
      'ID|SIDE|READPRJ|VERSION|V00BARCDBU|V00XROSFM|V00XRSCFM|V00XRCYFM|V00XRJSM|V00XRCHM|V00XROSTM|V00XRSCTM|V00XRCYTM|' +
        'V00XRATTM|V00XRKL|V00XROSFL|V00XRSCFL|V00XRCYFL|V00XRJSL|V00XRCHL|V00XROSTL|V00XRSCTL|V00XRCYTL|V00XRATTL',
    );
    const enrollees = (await header('Enrollees.txt')).split('|');
    expect(enrollees).toHaveLength(60);
    expect(enrollees.slice(0, 7)).toEqual(['ID', 'VERSION', 'P02HISP', 'P02RACE', 'P02SEX', 'V00CHRTHLF', 'V00COHORT']);
    expect(await header('Outcomes99.txt')).toMatch(
      /^id\|version\|V99RNTCNT\|V99ERKDATE\|V99ERKFLDT\|V99ERKRPCF\|V99ERKTLPR\|/,
    );
  });

  test('have readings only for visits with radiographs, and nothing but dates from telephone visits', async () => {
    const names = await readdir(join(home, 'tables', 'tables'));
    expect(names).toContain('AllClinical07.txt');
    expect(names).not.toContain('kxr_sq_bu07.txt');
    const phone = (await lines(join(home, 'tables', 'tables', 'AllClinical07.txt')))[1]!.split('|');
    expect(phone[3]).toBe('.F: Not done, phone contact');
    expect(phone[4]).toMatch(/^\d\d\/\d\d\/\d{4}$/);
  });

  test('hold what a person says of knees, activity and mood, on the steps of each form', async () => {
    const of = async (name: string) => valuesOf(join(home, 'tables', 'tables', name));
    const [baseline, later, phone] = [
      await of('AllClinical00.txt'),
      await of('AllClinical06.txt'),
      await of('AllClinical07.txt'),
    ];
    const numbers = (column: string) =>
      baseline(column)
        .filter((cell) => /^\d/.test(cell))
        .map(Number);
    for (const score of numbers('V00KOOSQOL')) expect((score / 6.25) % 1).toBe(0);
    for (const score of numbers('V00KOOSFSR')) expect(score % 5).toBe(0);
    for (const score of [...numbers('V00PASE'), ...numbers('V00CESD')]) expect(Number.isInteger(score)).toBe(true);
    expect(Math.max(...numbers('V00CESD'))).toBeLessThanOrEqual(60);
    expect(mean(numbers('V00PASE'))).toBeGreaterThan(120);
    expect(mean(numbers('V00PASE'))).toBeLessThan(200);
    expect(baseline('V00KOOSFSR')).toContain(".X: Don't do");
    expect(later('V06PASE')).toContain('.: Missing Form/Incomplete Workbook');
    expect(new Set(phone('V07CESD'))).toEqual(new Set(['.F: Not done, phone contact']));
  });

  test('tell of injuries and operations once, at the screening, and operate on injured knees more often', async () => {
    const baseline = await valuesOf(join(home, 'tables', 'tables', 'AllClinical00.txt'));
    const [injured, operated] = [
      [...baseline('P01INJR'), ...baseline('P01INJL')],
      [...baseline('P01KSURGR'), ...baseline('P01KSURGL')],
    ];
    expect(new Set(injured)).toEqual(new Set(['0: No', '1: Yes', ".D: Don't know, unknown or uncertain"]));
    const share = (injury: string) =>
      mean(operated.filter((_, knee) => injured[knee] === injury).map((cell) => Number(cell === '1: Yes')));
    expect(share('1: Yes')).toBeGreaterThan(3 * share('0: No'));
    expect((await lines(join(home, 'tables', 'tables', 'AllClinical06.txt')))[0]).not.toMatch(/P01/);
  });

  test('label the side and the narrowing, with decimals at follow-up', async () => {
    const rows = (await lines(join(home, 'tables', 'tables', 'kxr_sq_bu06.txt'))).slice(1).map((row) => row.split('|'));
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(['1: Right', '2: Left']));
    expect(rows.some((row) => /^[12]\.[2468]: [12]\.[2468]$/.test(row[8]!))).toBe(true);
    const barcodes = rows.map((row) => row[4]!);
    for (const barcode of barcodes) expect(barcode).toMatch(/^01660\d{7}$/);
  });

  test('report more pain from knees with a higher KL', async () => {
    const grades = new Map<string, number>();
    for (const row of (await lines(join(home, 'tables', 'tables', 'kxr_sq_bu00.txt'))).slice(1)) {
      const cells = row.split('|');
      if (cells[2] === '15') grades.set(`${cells[0]} ${cells[1]}`, Number(cells[14]));
    }
    const pain: [number[], number[]] = [[], []];
    for (const row of (await lines(join(home, 'tables', 'tables', 'AllClinical00.txt'))).slice(1)) {
      const cells = row.split('|');
      const scores = [['1: Right', cells[12]] as const, ['2: Left', cells[13]] as const];
      for (const [side, score] of scores) {
        const kl = grades.get(`${cells[0]} ${side}`);
        if (kl !== undefined && /^\d+$/.test(score!)) pain[kl >= 2 ? 1 : 0].push(Number(score));
      }
    }
    expect(mean(pain[1])).toBeGreaterThan(1.3 * mean(pain[0]));
  });
});

describe('writing a synthetic release', () => {
  test('leaves a folder that already holds it as it is', async () => {
    await expect(writeRelease(tables, { out: join(home, 'tables') })).resolves.toBe(false);
  });

  test('refuses a folder that holds something else, unless forced', async () => {
    const foreign = await mkdtemp(join(home, 'foreign-'));
    await writeFile(join(foreign, 'thesis.txt'), 'mine');
    const attempt = writeRelease({ ...tables, participants: 3 }, { out: foreign });
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(/is not empty/);
    await expect(writeRelease({ ...tables, participants: 3 }, { out: foreign, force: true })).resolves.toBe(true);
    expect(await readFile(join(foreign, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('refuses a release of other parameters', async () => {
    await expect(writeRelease({ ...tables, seed: 12 }, { out: join(home, 'tables') })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });
});

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The cells of a table by the name of their column. */
async function valuesOf(path: string): Promise<(column: string) => string[]> {
  const [header, ...rows] = (await lines(path)).map((line) => line.split('|'));
  return (column) => {
    const place = header!.indexOf(column);
    expect(place).toBeGreaterThan(-1);
    return rows.map((row) => row[place]!);
  };
}

async function lines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\r\n').filter((line) => line !== '');
}

async function digestsOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    paths.map(
      async (path) =>
        [
          path.slice(folder.length),
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ] as const,
    ),
  );
  return new Map(digests.sort());
}
