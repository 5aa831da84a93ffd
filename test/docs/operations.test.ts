import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compiledModule, packageRoot } from '../../src/domain/package.js';

const run = promisify(execFile);

/** The commands of a section of the page, in its order, without their comments. */
function commandsOf(section: string): string[][] {
  const page = readFileSync(join(packageRoot, 'docs/operations.md'), 'utf8');
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`))!;
  const [, block] = /^```sh\n(.*?)^```/ms.exec(text)!;
  return block!
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +#.*/, '').replace('npm run osteograph -- ', '').split(' '));
}

test('the commands that the page shows for backups, retention and the audit work, with the embedded PostgreSQL', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'osteograph-operations-'));
  const { DATABASE_URL: _, BLOB_URL: __, ...env } = process.env;
  const osteograph = (args: string[]) => run(process.execPath, [compiledModule('cli/main'), ...args], { cwd, env });
  try {
    const backups = commandsOf('Backups');
    const said: string[] = [];
    for (const args of backups) said.push((await osteograph(args)).stdout);
    for (const section of ['Retention', 'The audit']) {
      for (const args of commandsOf(section)) said.push((await osteograph(args)).stdout);
    }

    expect(backups.map(([, what]) => what)).toEqual([
      '--out',
      'list',
      'verify',
      'restore',
      'restore',
      'erasures',
      'prune',
    ]);
    expect(said[0]).toMatch(/^\S+Z: \d+ rows of \d+ tables and 0 files/);
    expect((JSON.parse(said[1]!) as { blobs: number }).blobs).toBe(0);
    expect(said[2]).toMatch(/ is whole: 0 files/);
    expect(said[4]).toMatch(/^Restored /);
    expect(said[5]).toBe('backups knows 0 erasures.\n');
    expect(existsSync(join(cwd, 'new/postgres/PG_VERSION'))).toBe(true);
    expect(said[8]).toMatch(/^events +90d {2}generation_event: 0 rows/m);
    expect(said[9]).toMatch(/^events +90d .*\n(?:.*\n)*audit +keep /);
    expect(said.slice(10).join('')).toMatch(
      /^.*backup by the command line.*\n(?:.*\n)*Nothing was changed, removed or put in between\.\nhead \d+:/,
    );
    expect(readFileSync(join(cwd, 'audit.jsonl'), 'utf8').split('\n')[0]).toMatch(/^\{"seq":1,/);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
});

test('the commands that the page shows for a PACS say how they are used', async () => {
  const said: string[] = [];
  for (const args of ['Images from a PACS', 'Results to a PACS'].flatMap(commandsOf))
    said.push((await run(process.execPath, [compiledModule('cli/main'), ...args])).stdout);

  expect(said.map((help) => /^Usage: osteograph (\S+)/.exec(help)?.[1])).toEqual([
    'dicom-listen',
    'dicom-find',
    'dicom-fetch',
    'arrival-rules',
    'dicom-peers',
    'dicom-send',
    'dicom-sendings',
  ]);
});
