import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../../src/services/access/index.js';
import { checkAudit, sealAudit } from '../../src/services/audit/index.js';
import { contentDigest, linkDigest } from '../../src/services/audit/chain.js';
import { applyRetention, parseRules } from '../../src/services/retention/index.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-audit-'));
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const sql = (statement: string, values: unknown[] = []) => database.dataSource.query<object[]>(statement, values);
const osteograph = (...args: string[]) =>
  runCommand(['audit', ...args, '--data-dir', folder], { DATABASE_URL: database.url });

async function noteFive(): Promise<void> {
  for (const target of ['one', 'two', 'three', 'four', 'five']) {
    await audit(database.dataSource, { tokenId: null, action: 'generateMri', target, detail: { steps: 4 } });
  }
}

test('the digests are those that another program gets for the same rows', () => {
  // Python: hashlib.sha256(...).hexdigest() of the texts of decision 67.
  const content = contentDigest(
    '00000000-0000-4000-8000-000000000001',
    '[7, "2026-03-01T10:15:30.000250Z", null, "generateMri", "x", {"steps": 4}]',
  );
  expect(content).toBe('61de73d1c1f3e5b51b89fad012a0647eda15b10880077241afddd43b8a998a5b');
  expect(
    linkDigest({ previous: '0'.repeat(64), seq: 1, sealedAt: '2026-03-01T10:15:32.000000Z', contentDigest: content }),
  ).toBe('0d32df1d537ec81f2809e043de4c37406e943d04f38d8235a94731384c3a8995');
});

test('an exported chain holds all that is needed to check it, and the command says how large the file is', async () => {
  await noteFive();
  const file = join(folder, 'audit.jsonl');

  expect(await osteograph('export', '--out', file)).toMatchObject({ code: 0, stderr: '' });

  let previous = '0'.repeat(64);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Record<string, string>);
  for (const [index, { seq, sealedAt, salt, content, contentDigest, digest }] of rows.entries()) {
    expect(seq).toBe(index + 1);
    expect(contentDigest).toBe(sha256(`${salt}\n${content}`));
    expect(digest).toBe(sha256(`${previous}\n${seq}\n${sealedAt}\n${contentDigest}`));
    previous = digest!;
  }
  expect(rows.map(({ content }) => (JSON.parse(content!) as unknown[])[4])).toEqual([
    'one',
    'two',
    'three',
    'four',
    'five',
  ]);
  expect((await osteograph('export')).stdout.trim().split('\n')).toEqual(lines);
});

test('a file that cannot be written is refused in one sentence', async () => {
  const { code, stderr } = await osteograph('export', '--out', join(folder, 'missing', 'audit.jsonl'));

  expect(code).toBe(1);
  expect(stderr).toMatch(/^osteograph: .*audit\.jsonl cannot be written \(ENOENT\)\.\n$/);
});

test('many processes that seal at once make one chain without a gap', async () => {
  await sql(`INSERT INTO audit_entry (action) SELECT 'work ' || n FROM generate_series(1, 2500) n`);

  const sealed = await Promise.all([1, 2, 3, 4].map(() => sealAudit(database.dataSource)));

  expect(sealed.reduce((sum, rows) => sum + rows)).toBe(2500);
  expect(await checkAudit(database.dataSource)).toMatchObject({ sealed: 2500, unsealed: 0, faults: [] });
});

test('a row that is committed late is sealed in its turn', async () => {
  const runner = database.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`INSERT INTO audit_entry (action) VALUES ('slow')`);
  await audit(database.dataSource, { tokenId: null, action: 'quick' });
  await sealAudit(database.dataSource);
  await runner.commitTransaction();
  await runner.release();

  await sealAudit(database.dataSource);

  expect(await sql('SELECT action FROM audit_entry ORDER BY seq')).toEqual([{ action: 'quick' }, { action: 'slow' }]);
  expect((await checkAudit(database.dataSource)).faults).toEqual([]);
});

describe('what was done to a sealed audit', () => {
  beforeEach(async () => {
    await noteFive();
    await sealAudit(database.dataSource);
  });

  test.each([
    [
      'changed',
      `UPDATE audit_entry SET action = 'read' WHERE target = 'three'`,
      ['Row 3 (place 3) was changed after it was sealed.'],
    ],
    [
      'dated back',
      `UPDATE audit_entry SET at = at - interval '1 day' WHERE target = 'three'`,
      ['Row 3 (place 3) was changed after it was sealed.'],
    ],
    [
      'changed, with its salt taken away as an erasure does it',
      `UPDATE audit_entry SET action = 'read', salt = NULL WHERE target = 'three'`,
      ['Row 3 (place 3) cannot be checked, and no erasure says that it changed it.'],
    ],
    ['removed', `DELETE FROM audit_entry WHERE target = 'three'`, ['Place 3 of the chain is missing.']],
    [
      'removed from the beginning',
      `DELETE FROM audit_entry WHERE seq <= 3`,
      ['Places 1 to 3 of the chain are missing.'],
    ],
    [
      'exchanged for a row with a digest of its own',
      `UPDATE audit_entry SET action = 'read', salt = '00000000-0000-4000-8000-000000000000',
         content_digest = encode(sha256(convert_to('00000000-0000-4000-8000-000000000000' || chr(10) ||
           jsonb_build_array(id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), token_id, 'read', target, detail)::text, 'UTF8')), 'hex')
       WHERE target = 'three'`,
      ['Row 3 (place 3) does not follow the row before it.'],
    ],
  ])('is found: a row was %s', async (_, statement, faults) => {
    await sql(statement);

    expect((await checkAudit(database.dataSource)).faults).toEqual(faults);
    const { code, stdout } = await osteograph('check');
    expect(code).toBe(1);
    expect(stdout).toContain(`${faults[0]}\n`);
  });

  test('an end that was cut off is found against a head that was noted', async () => {
    const noted = /^head (\S+)$/m.exec((await osteograph('check')).stdout)![1]!;
    await sql(`DELETE FROM audit_entry WHERE target = 'five'`);

    expect((await osteograph('check')).code).toBe(0);
    const against = await osteograph('check', '--head', noted);
    expect([against.code, against.stdout.split('\n')[1]]).toEqual([
      1,
      'Place 5, which was noted, is not there any more.',
    ]);
  });

  test('a chain that was made anew as a whole is found against a head that was noted', async () => {
    const { head } = await checkAudit(database.dataSource);
    await sql(
      `UPDATE audit_entry SET action = 'read', seq = NULL, sealed_at = NULL, content_digest = NULL, digest = NULL`,
    );
    await sealAudit(database.dataSource);

    expect((await checkAudit(database.dataSource)).faults).toEqual([]);
    expect((await checkAudit(database.dataSource, head!)).faults).toEqual([
      'Place 5 is not what was noted: the chain was made anew.',
    ]);
  });

  test('a head that is none is refused', async () => {
    const { code, stderr } = await osteograph('check', '--head', 'five');

    expect(code).toBe(1);
    expect(stderr).toContain('A head is a place and a digest, such as "1234:" and 64 hexadecimal digits.');
  });
});

test('retention removes the beginning, says up to where, and the rest still leads to a head of before', async () => {
  await noteFive();
  await sql(`UPDATE audit_entry SET at = now() - interval '100 days' WHERE target IN ('one', 'two', 'four')`);
  await sealAudit(database.dataSource);
  const { head } = await checkAudit(database.dataSource);

  // The fourth is as old, but the third is not, and no chain has a hole.
  expect(await applyRetention(database.dataSource, parseRules('audit=90d'))).toEqual({ audit_entry: 2 });
  await sealAudit(database.dataSource);

  expect(await checkAudit(database.dataSource, head!)).toMatchObject({ sealed: 4, removedThrough: 2, faults: [] });
  expect((await osteograph('check')).stdout).toContain('4 rows checked, removed by retention up to place 2\n');
  await sql(`DELETE FROM audit_entry WHERE target = 'three'`);
  expect((await checkAudit(database.dataSource)).faults).toEqual(['Places 1 to 3 of the chain are missing.']);
});

test('rows are listed, the newest first, by what was done', async () => {
  expect((await osteograph()).stdout).toBe('No row of the audit fits.\n');
  await noteFive();
  await audit(database.dataSource, { tokenId: null, action: 'deleteBatch', target: 'b' });

  const { stdout } = await osteograph('list', '--action', 'generateMri', '--limit', '2');

  expect(stdout).toMatch(
    /^- {2}\S+ {2}generateMri by the command line {2}five {2}\{"steps":4\}\n- {2}\S+ {2}generateMri by the command line {2}four/,
  );
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
