import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { audit } from '../../src/services/access/index.js';
import { exportAudit } from '../../src/services/audit/index.js';
import { createTestDatabase } from '../helpers/database.js';
import { pythonWith } from '../helpers/python.js';

const python = pythonWith(['hashlib', 'json']);

(python ? test : test.skip)(
  'the program of the decision checks an exported chain, and notices a changed row',
  async () => {
    const page = await readFile(join(packageRoot, 'docs/decisions/0067-an-audit-that-is-sealed.md'), 'utf8');
    const program = `import json\nfrom hashlib import sha256\n${/^```python\n(.*?)^```/ms.exec(page)![1]}`;
    const database = await createTestDatabase();
    const cwd = await mkdtemp(join(tmpdir(), 'osteograph-audit-'));
    try {
      for (const target of ['a', 'b "c"', 'ö\n']) {
        await audit(database.dataSource, {
          tokenId: null,
          action: 'look',
          target,
          detail: { size: 1.5, of: [target] },
        });
      }
      const pieces: Buffer[] = [];
      for await (const piece of exportAudit(database.dataSource)) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      const check = async (lines: string) => {
        await writeFile(join(cwd, 'audit.jsonl'), lines);
        execFileSync(python!, ['-c', program], { cwd, stdio: 'pipe' });
      };

      await check(text);

      await expect(check(text.replace('"look\\"', '"took\\"'))).rejects.toThrow('AssertionError');
    } finally {
      await rm(cwd, { recursive: true });
      await database.drop();
    }
  },
);
