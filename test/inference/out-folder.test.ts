import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertWritable } from '../../src/cli/out-folder.js';
import { runCommand } from '../helpers/command.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-out-'));
  await writeFile(join(folder, 'file'), '');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['generate', ['--xray', 'none.png', '--side', 'R']],
  ['restore', ['none.png', '--denoise']],
  ['progress', ['--xray', 'none.png', '--side', 'R']],
  ['superres', ['none', '--scale', '2']],
  ['inpaint', ['none', '--mask', 'none.nii.gz']],
])('%s says that nothing can be written to --out before it reads anything', async (command, options) => {
  const out = join(folder, 'file', 'below');
  const { code, stdout, stderr } = await runCommand([command, ...options, '--out', out]);
  expect([code, stdout]).toEqual([1, '']);
  const [is, cannot] = ['is a file; --out takes a folder', 'cannot be written: a file is in the place of a folder'];
  expect([`osteograph: ${out} ${is}.\n`, `osteograph: ${out} ${cannot}.\n`]).toContain(stderr);
});

it('a folder that there is and one that can be made are fine, and are left as they were', async () => {
  await assertWritable(folder);
  await assertWritable(join(folder, 'new', 'deeper'));
  expect(await readdir(folder)).toEqual(['file']);
});
