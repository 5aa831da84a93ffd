import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTable } from '../../src/oai/index.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-text-tables-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The header and the rows of a text table. */
async function read(file: string, content: string | Buffer): Promise<(readonly string[])[]> {
  const path = join(folder, file);
  await writeFile(path, content);
  const table = await openTable(path);
  const rows = [table.columns.rest().map(({ name }) => name) as readonly string[]];
  for await (const { cells } of table.rows()) rows.push(cells);
  return rows;
}

const WORDS = [
  ['ID', 'V00GRÖSSE'],
  ['1', 'Café: naïve'],
  ['2', '≥5 µg – “q”'],
] as const;
const written = (separator: string): string => WORDS.map((cells) => cells.join(separator)).join('\n');

test.each([
  ['pipes', 'a.txt', written('|')],
  ['commas', 'a.csv', written(',')],
  ['tabs and a byte order mark', 'a.tsv', `\ufeff${written('\t')}`],
])('words in UTF-8, separated by %s, are what they are', async (_, file, text) => {
  expect(await read(file, text)).toEqual(WORDS);
});

test("words that are no UTF-8 are Windows' Latin-1, line by line", async () => {
  const bytes = Buffer.from('ID|V00WORD\n1|F\xe9minin \x80 \x93q\x94\n2|F\xc3\xa9minin\n', 'latin1');

  expect(await read('latin.txt', bytes)).toEqual([
    ['ID', 'V00WORD'],
    ['1', 'Féminin € “q”'],
    ['2', 'Féminin'],
  ]);
});

test("with semicolons go decimal commas, as R's write.csv2 has them; what is quoted is words", async () => {
  // write.csv2(data.frame(ID = c(1, 2), V00A = c(31.5, NA), V00B = c(1e5, -0.00001), V00C = c('1,2', 'x')))
  const text = '"";"ID";"V00A";"V00B";"V00C"\n"1";1;31,5;1e+05;"1,2"\n"2";2;NA;-1,5e-05;"x"\n';

  expect(await read('r.csv', text)).toEqual([
    ['ID', 'V00A', 'V00B', 'V00C'],
    ['1', '1', '31.5', '1e+05', '1,2'],
    ['2', '2', 'NA', '-1.5e-05', 'x'],
  ]);
});

test('without quotation marks a comma may be that of a list, and stays', async () => {
  // pandas: DataFrame({'ID': [1, 2], 'V00A': ['1,2', '1,234'], 'V00B': [31.5, 2.0]}).to_csv(sep=';', index=False)
  expect(await read('pandas.csv', 'ID;V00A;V00B\n1;1,2;31.5\n2;1,234;2.0\n')).toEqual([
    ['ID', 'V00A', 'V00B'],
    ['1', '1,2', '31.5'],
    ['2', '1,234', '2.0'],
  ]);
});

test.each([
  ['"ID";"V00A";"V00B"\n1;31,5;"1,2"\n', 'It has numbers with commas in V00A, which were read as decimals.'],
  [
    'ID;V00A;V00B\n1;31,5;"1,2"\n',
    'It has numbers with commas in V00A, which were read as they are: to have them read as decimals, save the table with decimal points.',
  ],
])('how commas of numbers were read is told by column', async (text, remark) => {
  const path = join(folder, 'told.csv');
  await writeFile(path, text);
  const table = await openTable(path);
  for await (const { cells } of table.rows()) expect(cells).toHaveLength(3);
  expect(table.remarks?.()).toEqual([remark]);
});

test("a table whose header is quoted, as R's write.table has it, has quoted words; in any other with pipes a quotation mark is itself", async () => {
  expect(await read('quoted.txt', '"ID"|"V00LABEL"\n1|"2: Two | three"\n2|NA\n')).toEqual([
    ['ID', 'V00LABEL'],
    ['1', '2: Two | three'],
    ['2', 'NA'],
  ]);
  expect(await read('inches.txt', 'ID|V00HEIGHT\n1|5\'10"\n2|"tall"\n')).toEqual([
    ['ID', 'V00HEIGHT'],
    ['1', '5\'10"'],
    ['2', '"tall"'],
  ]);
});

test.each([
  ['little', Buffer.from('\ufeffID|V00AGE\n', 'utf16le')],
  ['big', Buffer.from('\ufeffID|V00AGE\n', 'utf16le').swap16()],
])('UTF-16 with the %s end first is refused as what it is', async (_, bytes) => {
  await expect(read('wide.txt', bytes)).rejects.toThrow('wide.txt is UTF-16 text; save it as UTF-8.');
});

test("only NDA's tables describe their columns in line 2", async () => {
  expect(await read('pandas.tsv', 'ID\tV00AGE\n9990001.0\t61.0\n')).toEqual([
    ['ID', 'V00AGE'],
    ['9990001.0', '61.0'],
  ]);
  expect(await read('nda.txt', 'subjectkey\tage\nGUID\tAge\nNDAR_1\t61\n')).toEqual([
    ['SUBJECTKEY', 'AGE'],
    ['NDAR_1', '61'],
  ]);
  expect(await read('nda2.txt', 'subjectkey\tid\nNDAR_1\t9990001.0\n')).toEqual([
    ['SUBJECTKEY', 'ID'],
    ['NDAR_1', '9990001.0'],
  ]);
});

test('a line that is too long is named by the one before it', async () => {
  await expect(read('long.txt', `ID|V00WORD\n1|a\n2|${'x'.repeat(1_100_000)}\n3|b\n`)).rejects.toThrow(
    'long.txt is not a table: the line after line 2 has more than 1048576 bytes.',
  );
});
