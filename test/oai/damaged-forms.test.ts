import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeXlsx } from 'hucre';
import { openTable } from '../../src/oai/index.js';
import { inflaterOf } from '../../src/oai/tables/forms/sas-compression.js';
import { checkColumns } from '../../src/oai/tables/forms/sas-values.js';

const RECORD = 80;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-forms-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function cellsOf(name: string, bytes: Uint8Array): Promise<(readonly string[])[]> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const rows = [];
  for await (const { cells } of (await openTable(path)).rows()) rows.push(cells);
  return rows;
}

const refused = (reason: string | RegExp) => ({
  code: 'FILE_REFUSED',
  message: typeof reason === 'string' ? reason : expect.stringMatching(reason),
});

describe('a workbook', () => {
  const rows = [['ID', 'A'], ...Array.from({ length: 200 }, (_, index) => [1000001 + index, `text ${index}`])];

  test('with any one byte damaged is read or refused in one sentence', async () => {
    const whole = await writeXlsx({ sheets: [{ name: 'A', rows }] });
    const outcomes = new Set<string>();
    for (let at = 0; at < whole.length; at += 23) {
      const bytes = Uint8Array.from(whole);
      bytes[at]! ^= 0x5a;
      outcomes.add(
        await cellsOf('table.xlsx', bytes).then(
          () => 'read',
          (error: { code?: string; message: string }) =>
            /^table\.xlsx (is|unpacks to) .+[^.]\.$/s.test(error.message) ? String(error.code) : error.message,
        ),
      );
    }
    expect(outcomes).toEqual(new Set(['read', 'FILE_REFUSED']));
  });

  test('keeps a number that is formatted as a date and is none from passing for one', async () => {
    const cell = { value: 1e12, style: { numFmt: 'yyyy-mm-dd' } };
    const whole = await writeXlsx({
      sheets: [{ name: 'A', rows: [['V00FVDATE'], []], cells: new Map([['1,0', cell]]) }],
    });

    expect(await cellsOf('table.xlsx', whole)).toEqual([['Invalid Date']]);
  });
});

describe('a transport file', () => {
  const golden = () => readFile(join(import.meta.dirname, '../golden/sas/kxr_sq_bu00-v5.xpt'));

  test.each(['00001', '00005', '00139', '99999'])(
    'that describes its columns in %s bytes is refused',
    async (bytes) => {
      const file = await golden();
      // As many columns as may be: together they would be more than can be read at once.
      file.write('32767', 7 * RECORD + 53, 'latin1');
      file.write(bytes, 3 * RECORD + 73, 'latin1');

      await expect(cellsOf('table.xpt', file)).rejects.toMatchObject(
        refused(
          `table.xpt is damaged: it describes a column in ${Number(bytes)} bytes; 140, or 136 on VAX, are usual.`,
        ),
      );
    },
  );

  test('whose columns have no width is refused, not read for ever', async () => {
    const file = await golden();
    for (let column = 0; column < 8; column++) {
      file.writeInt16BE(2, 8 * RECORD + column * 140);
      file.writeInt16BE(0, 8 * RECORD + column * 140 + 4);
    }

    await expect(cellsOf('table.xpt', file)).rejects.toMatchObject(
      refused('table.xpt is damaged: it tells of rows of 0 bytes.'),
    );
  });
});

test('rows longer than a page of SAS are refused before memory is taken for them', () => {
  expect(() => checkColumns('table.sas7bdat', [], 2 ** 40)).toThrow(
    'table.sas7bdat is damaged: it tells of rows of 1099511627776 bytes.',
  );
});

describe('a compressed row of SAS', () => {
  test.each([
    ['runs', 'a run beyond its end', [0xf5, 0xff]],
    ['runs', 'a copy of bytes that are missing', [0x89, 0x41]],
    ['runs', 'a length that is missing', [0x00]],
    ['ross', 'a run beyond its end', [0xff, 0xff, 0x0f, 0x41]],
    ['ross', 'a repetition whose length is missing', [0x80, 0x00, 0x20]],
  ] as const)('by %s with %s is refused, and takes nothing from the row before', (compression, _, packed) => {
    const inflate = inflaterOf(compression, 10, 'table.sas7bdat');

    expect(() => inflate(Buffer.from(packed))).toThrow(
      'table.sas7bdat is damaged: a compressed row does not have the length of a row.',
    );
  });

  test('is unpacked where it fills the row exactly', () => {
    expect(inflaterOf('runs', 10, 't')(Buffer.from([0x81, 0x41, 0x42, 0xe6])).toString()).toBe('AB        ');
  });
});
