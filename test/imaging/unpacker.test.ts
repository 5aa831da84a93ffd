import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { type PackedFile, Unpacker } from '../../src/imaging/unpacking/unpacker.js';

const PLENTY = { memory: 1024 ** 3, time: 60_000 };

let unpacker: Unpacker | undefined;
afterEach(() => unpacker?.close());

test('a file that takes too long ends the process and is refused with the reason', async () => {
  unpacker = new Unpacker({ ...PLENTY, time: 0 });

  await expect(unpacker.unpack(jpegLs())).rejects.toThrow(/^it takes longer than 0 s$/);
  expect(unpacker.pid).toBeUndefined();
});

test('a file that takes too much memory ends the process and is refused with the reason', async () => {
  unpacker = new Unpacker({ ...PLENTY, memory: 1024 ** 2 });

  await expect(unpacker.unpack(jpegLs())).rejects.toThrow(/^it takes more than 1 MiB of memory$/);
  expect(unpacker.pid).toBeUndefined();
});

test('files that wait are unpacked by the next process when one has ended', async () => {
  unpacker = new Unpacker(PLENTY);
  await unpacker.unpack(jpegLs());
  const first = unpacker.pid!;

  process.kill(first, 'SIGKILL');
  const all = await Promise.all(Array.from({ length: 5 }, () => unpacker!.unpack(jpegLs())));

  for (const samples of all) expect(samples).toHaveLength(40 * 48 * 2);
  expect(unpacker.pid).not.toBe(first);
});

test('frames of one file come back in order', async () => {
  unpacker = new Unpacker(PLENTY);
  const rle = (value: number) => {
    const header = new Uint8Array(64);
    header.set([1, 0, 0, 0, 64]);
    return new Uint8Array([...header, 257 - 4, value]);
  };
  const frames = [rle(7), rle(8), rle(9)];

  const samples = await unpacker.unpack({ frames, coding: 'rle', shape: { rows: 2, columns: 2, bytesPerSample: 1 } });

  expect([...samples]).toEqual([7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9]);
});

function jpegLs(): PackedFile {
  const file = readFileSync(join(packageRoot, 'test/golden/dicom/jpeg-ls.dcm'));
  const start = file.indexOf(Buffer.from([0xff, 0xd8, 0xff]));
  return { frames: [file.subarray(start)], coding: 'jpeg-ls', shape: { rows: 40, columns: 48, bytesPerSample: 2 } };
}
