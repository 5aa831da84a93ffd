import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/server/database/index.js';

let folder: string;
let running: EmbeddedPostgres | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-pitr-'));
  // PostgreSQL writes and reads here under an account of its own.
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'wal'), { mode: 0o777 });
  await chmod(join(folder, 'wal'), 0o777);
});
afterEach(async () => {
  await running?.stop();
  await rm(folder, { recursive: true });
});

async function start(dataDir: string): Promise<Client> {
  running = await startEmbeddedPostgres(dataDir);
  const client = new Client({ connectionString: running.url });
  await client.connect();
  return client;
}

async function stop(client: Client): Promise<void> {
  await client.end();
  await running!.stop();
  running = undefined;
}

test('the steps of docs/operations.md bring a database back to a moment between two backups', async () => {
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  let client = await start(before);
  await client.query(`ALTER SYSTEM SET archive_mode = on`);
  await client.query(`ALTER SYSTEM SET archive_command = 'test ! -f ${folder}/wal/%f && cp %p ${folder}/wal/%f'`);
  await stop(client);
  client = await start(before);
  await client.query('CREATE TABLE knee (id integer)');
  await client.query('INSERT INTO knee VALUES (1)');

  // A base backup, as pg_basebackup takes it.
  await client.query(`SELECT pg_backup_start('base', true)`);
  execFileSync('cp', ['-a', before, after]);
  const label = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
  await client.query('INSERT INTO knee VALUES (2)');
  const moment = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  await client.query('DELETE FROM knee');
  const wal = await client.query<{ file: string }>('SELECT pg_walfile_name(pg_switch_wal()) AS file');
  const archived = async () => (await readdir(join(folder, 'wal'))).includes(wal.rows[0]!.file);
  while (!(await archived())) await client.query('SELECT pg_sleep(0.05)');
  await stop(client);

  const data = join(after, 'postgres');
  await rm(join(data, 'postmaster.pid'));
  for (const name of await readdir(join(data, 'pg_wal'))) {
    if (/^[0-9A-F]{24}/.test(name)) await rm(join(data, 'pg_wal', name));
  }
  await writeFile(join(data, 'backup_label'), label.rows[0]!.labelfile);
  await appendFile(
    join(data, 'postgresql.auto.conf'),
    [
      `archive_mode = off`,
      `restore_command = 'cp ${folder}/wal/%f %p'`,
      `recovery_target_time = '${moment.rows[0]!.now}'`,
      `recovery_target_action = 'promote'`,
    ].join('\n'),
  );
  await writeFile(join(data, 'recovery.signal'), '');
  client = await start(after);

  expect((await client.query('SELECT id FROM knee ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
  await stop(client);
});
