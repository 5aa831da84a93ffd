import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchiveFile, zipPieces } from '../../src/services/files/zip.js';
import { runProgram } from '../helpers/program.js';
import { hasProgram, pythonWith } from '../helpers/python.js';

const python = pythonWith(['zipfile']);
const needsUnzip = hasProgram('unzip') ? test : test.skip;
const needsPython = python ? test : test.skip;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-zip-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function* small(count: number): Generator<ArchiveFile> {
  for (let index = 0; index < count; index++) {
    yield { path: `folder/${index}.txt`, bytes: Buffer.from(String(index)), compressed: true };
  }
}

async function written(name: string, files: Iterable<ArchiveFile>): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, zipPieces(files));
  return path;
}

async function digest(files: Iterable<ArchiveFile>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of zipPieces(files)) hash.update(piece);
  return hash.digest('hex');
}

/** What Python's zipfile makes of an archive: whether all is well, how many files, and the last one's name and time. */
async function asPythonSees(
  path: string,
): Promise<{ bad: string | null; count: number; last: [string, number[], string] }> {
  const script = `
import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1]); i = z.infolist(); l = i[-1] if i else None
print(json.dumps({"bad": z.testzip(), "count": len(i), "last": l and [l.filename, list(l.date_time), z.read(l).decode("latin1")[:20]]}))`;
  return JSON.parse(await runProgram(python!, ['-c', script, path])) as never;
}

needsUnzip(
  'unzip tests and unpacks what is written, compressed or not, empty files and names beyond ASCII too',
  async () => {
    const path = await written('mixed.zip', [
      { path: 'a/zeros.bin', bytes: Buffer.alloc(100_000) },
      { path: 'a/kept.bin', bytes: Buffer.from('kept as it is'), compressed: true },
      { path: 'empty.txt', bytes: Buffer.alloc(0) },
      { path: 'Kniegelenk-größe.txt', bytes: Buffer.from('mm') },
    ]);

    expect(await runProgram('unzip', ['-t', path])).toContain('No errors detected');
    expect(await runProgram('unzip', ['-p', path, 'a/kept.bin'])).toBe('kept as it is');
  },
);

needsPython('times are shown in UTC, whatever the time zone', async () => {
  const modified = new Date('2026-11-21T23:30:40Z');
  const path = await written('time.zip', [{ path: 'a.txt', bytes: Buffer.from('a'), modified }]);

  expect(await asPythonSees(path)).toEqual({ bad: null, count: 1, last: ['a.txt', [2026, 11, 21, 23, 30, 40], 'a'] });
});

test('the same files give the same bytes', async () => {
  expect(await digest(small(50))).toBe(await digest(small(50)));
});

needsPython('more files than an old archive can count are all found', async () => {
  const path = await written('many.zip', small(65_600));

  expect(await asPythonSees(path)).toMatchObject({
    bad: null,
    count: 65_600,
    last: ['folder/65599.txt', [1980, 1, 1, 0, 0, 0], '65599'],
  });
});

test('beyond 4 GiB the directory says in 64 bits where files and itself are', async () => {
  const block = Buffer.alloc(1 << 30);
  const files = [0, 1, 2, 3, 4, 5].map((index) => ({
    path: `${index}`,
    bytes: index < 5 ? block : Buffer.from('x'),
    compressed: true,
  }));
  let [total, tail] = [0, Buffer.alloc(0)];
  for await (const piece of zipPieces(files)) {
    total += piece.length;
    tail = Buffer.concat([tail, piece.subarray(-2_000)]).subarray(-2_000);
  }

  const end = tail.length - 22;
  const locator = end - 20;
  const record = Number(tail.readBigUInt64LE(locator + 8)) - (total - tail.length);
  expect([tail.readUInt32LE(end), tail.readUInt32LE(end + 16)]).toEqual([0x06054b50, 0xffffffff]);
  expect([tail.readUInt32LE(locator), tail.readUInt32LE(record)]).toEqual([0x07064b50, 0x06064b50]);
  const start = Number(tail.readBigUInt64LE(record + 48)) - (total - tail.length);
  expect([tail.readBigUInt64LE(record + 32), tail.readUInt32LE(start)]).toEqual([6n, 0x02014b50]);
  // The last two entries: the name has one character, the extra field of the last ends where the record begins.
  const far = tail.subarray(record - 12, record);
  expect([far.readUInt16LE(0), far.readUInt16LE(2), Number(far.readBigUInt64LE(4))]).toEqual([
    1,
    8,
    5 * ((1 << 30) + 31),
  ]);
});

test('a file is asked for only when what was before it has been read away', async () => {
  let asked = 0;
  function* counted(): Generator<ArchiveFile> {
    for (;;) {
      asked += 1;
      yield { path: `${asked}`, bytes: Buffer.alloc(1_000), compressed: true };
    }
  }
  const pieces = zipPieces(counted());

  for (let piece = 0; piece < 10; piece++) await pieces.next();
  expect(asked).toBe(5);
  await pieces.return(undefined);
});
