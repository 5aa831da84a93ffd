import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { refuseFile } from '../../../imaging/refuse.js';
import { Columns } from '../columns.js';
import type { Table, TableRow } from './table.js';
import { wordsOf } from './words.js';

type Separator = '|' | '\t' | ',' | ';';

/** The widest header of a release, AllClinical00's, has about 20 kB. */
const MAX_HEADER_BYTES = 128 * 1024;

/** Longest line, and longest quoted cell, in bytes: ten times the longest of a release. */
const MAX_RECORD_BYTES = 1024 * 1024;

/**
 * Opens a text table in any of the forms of OAI's releases: separated by `|`, tabs, commas or semicolons, lines ending in LF or CRLF, with or
 * without byte order mark. Where the names of all columns are quoted and semicolons are between them, as R's `write.csv2` has it, commas of
 * numbers are decimal: it quotes words too. Without quotation marks `1,2` may as well be a list of two codes, and stays as it is.
 *
 * @throws UserError FILE_REFUSED when the file has no header
 */
export async function openText(path: string, file: string): Promise<Table> {
  const header = await readHeader(path, file);
  const separator = chooseSeparator(header);
  // In OAI's pipe-separated form a quotation mark is a character like any other; R quotes the names of its columns, and then words too.
  const quote = separator === '|' && !header.startsWith('"') ? null : '"';
  const names = header.split(separator).map((name) => name.trim().replace(/^"|"$/g, ''));
  const decimal = separator === ';' && header.split(separator).every((name) => /^\s*".*"\s*$/.test(name));
  const commas = new Set<string>();
  const form: Form = {
    ...{ separator, quote, dictionary: names.some((name) => NDA_KEY.test(name)) },
    number(text, column) {
      if (!DECIMAL_COMMA.test(text)) return text;
      if (column < names.length) commas.add(names[column]!);
      return decimal ? text.replace(DECIMAL_COMMA, '$1.$2') : text;
    },
  };
  return {
    columns: new Columns(file, names),
    width: names.length,
    remarks: () =>
      commas.size === 0
        ? []
        : [
            `It has numbers with commas in ${[...commas].join(', ')}, which were read as ${decimal ? 'decimals' : 'they are: to have them read as decimals, save the table with decimal points'}.`,
          ],
    rows: () => readRows(path, file, form),
  };
}

async function readHeader(path: string, file: string): Promise<string> {
  await using handle = await open(path);
  const head = Buffer.alloc(MAX_HEADER_BYTES);
  const { bytesRead } = await handle.read(head, 0, MAX_HEADER_BYTES, 0);
  if (bytesRead === 0) refuseFile(file, 'is empty');
  if (/^(?:\xff\xfe|\xfe\xff)/.test(head.toString('latin1', 0, 2)))
    refuseFile(file, 'is UTF-16 text; save it as UTF-8');
  const text = head.toString('latin1', 0, bytesRead).replace(BYTE_ORDER_MARK, '');
  const end = text.search(/\r?\n|\r/);
  if (end === -1 && bytesRead === MAX_HEADER_BYTES) {
    refuseFile(file, `is not a table: its first line has more than ${MAX_HEADER_BYTES} bytes`);
  }
  if (text.includes('\0')) refuseFile(file, 'is binary data, not a table');
  return wordsOf(end === -1 ? text : text.slice(0, end));
}

/** The UTF-8 byte order mark as Latin-1 shows it. */
const BYTE_ORDER_MARK = /^\u00ef\u00bb\u00bf/;

function chooseSeparator(header: string): Separator {
  const counts = (['|', '\t', ',', ';'] as const).map(
    (separator) => [separator, header.split(separator).length] as const,
  );
  return counts.sort((a, b) => b[1] - a[1])[0]![0];
}

interface Form {
  readonly separator: Separator;
  readonly quote: '"' | null;
  /** NDA's tables describe each column in their second line. */
  readonly dictionary: boolean;
  /** What an unquoted cell of a table with semicolons says, by its column from 0. */
  readonly number: (text: string, column: number) => string;
}

/** A column that NDA's tables have, and no others. */
const NDA_KEY = /^subjectkey$/i;

async function* readRows(path: string, file: string, form: Form): AsyncGenerator<TableRow> {
  // Without quotation marks a table is lines to be cut apart, in a seventh of the time: a release has tens of millions of cells.
  const { separator, quote, dictionary } = form;
  if (quote === null && !dictionary) yield* cutRows(path, file, separator);
  else yield* parseRows(path, file, form);
}

async function* cutRows(path: string, file: string, separator: Separator): AsyncGenerator<TableRow> {
  let [line, rest] = [0, ''];
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, encoding: 'latin1' })) {
    const lines = (rest + (chunk as string)).split(LINE_END);
    // The last line goes on in the next chunk, and a carriage return at its end may be half of a line's end.
    rest = lines.pop()!;
    if (rest === '' && (chunk as string).endsWith('\r')) rest = `${lines.pop() ?? ''}\r`;
    const long = [...lines, rest].findIndex((text) => text.length > MAX_RECORD_BYTES);
    if (long !== -1) {
      refuseFile(file, `is not a table: the line after line ${line + long} has more than ${MAX_RECORD_BYTES} bytes`);
    }
    for (const text of lines) {
      if (++line > 1 && text.trim() !== '') yield { line, cells: wordsOf(text).split(separator) };
    }
  }
  const last = rest.replace(/\r$/, '');
  if (++line > 1 && last.trim() !== '') yield { line, cells: wordsOf(last).split(separator) };
}

const LINE_END = /\r\n|\n|\r/;
const DECIMAL_COMMA = /^([+-]?\d*),(\d+(?:e[+-]?\d+)?)$/i;
const CHUNK = 256 * 1024;

async function* parseRows(
  path: string,
  file: string,
  { separator, quote, dictionary, number }: Form,
): AsyncGenerator<TableRow> {
  const parser = parse({
    delimiter: separator,
    quote: quote ?? false,
    relax_quotes: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_RECORD_BYTES,
    encoding: 'latin1',
    info: quote !== null,
    // What is quoted is words, such as a list of two codes.
    ...(separator === ';' && {
      cast: (text: string, { quoting, index }: { quoting: boolean; index: number }) =>
        quoting ? text : number(text, index),
    }),
  });
  const source = createReadStream(path, { highWaterMark: CHUNK });
  source.on('error', (error) => parser.destroy(error)).pipe(parser);
  let line = 0;
  try {
    for await (const record of parser as AsyncIterable<string[] | { record: string[]; info: { lines: number } }>) {
      const cells = (Array.isArray(record) ? record : record.record).map(wordsOf);
      line = Array.isArray(record) ? line + 1 : record.info.lines;
      if (line === 1 || (cells.length === 1 && cells[0]!.trim() === '')) continue;
      if (dictionary && line === 2 && !cells.some((cell) => /^\d{7}(?:\.0*)?$/.test(cell.trim()))) continue;
      yield { line, cells };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const why =
      error.code === 'CSV_MAX_RECORD_SIZE' ? `has more than ${MAX_RECORD_BYTES} bytes` : 'ends within a quoted cell';
    refuseFile(file, `is not a table: the line after line ${line} ${why}`, error);
  } finally {
    source.destroy();
  }
}
