import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse';
import { refuseFile } from '../../imaging/refuse.js';
import { Columns } from './columns.js';

/** One line of a table below its header. */
export interface TableRow {
  /** Line of the file; the header is line 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table of a release, opened: its header is known, its rows are read as they are asked for. */
export interface Table {
  readonly columns: Columns;
  readonly width: number;
  readonly separator: Separator;
  /** @throws UserError FILE_REFUSED when the file stops being a table half-way */
  rows(): AsyncGenerator<TableRow>;
}

export type Separator = '|' | '\t' | ',' | ';';

/** The widest header of a release, AllClinical00's, has about 20 kB. */
const MAX_HEADER_BYTES = 128 * 1024;

/** Longest line, and longest quoted cell, in bytes: ten times the longest of a release. */
const MAX_RECORD_BYTES = 1024 * 1024;

/**
 * Opens a table in any of the forms of OAI's releases: separated by `|`, tabs, commas or semicolons, lines ending in LF or CRLF, with or
 * without byte order mark. Bytes that are not ASCII are read as Latin-1: only labels, which nobody reads, hold any.
 *
 * @throws UserError FILE_REFUSED when the file has no header
 */
export async function openTable(path: string): Promise<Table> {
  const file = basename(path);
  const header = await readHeader(path, file);
  const separator = chooseSeparator(header);
  // In the pipe-separated forms a quotation mark is a character like any other.
  const quote = separator === '|' ? null : '"';
  const names = header.split(separator).map((name) => name.trim().replace(/^"|"$/g, ''));
  return {
    columns: new Columns(file, names),
    width: names.length,
    separator,
    rows: () => readRows(path, file, { separator, quote, dictionary: separator === '\t' }),
  };
}

async function readHeader(path: string, file: string): Promise<string> {
  await using handle = await open(path);
  const head = Buffer.alloc(MAX_HEADER_BYTES);
  const { bytesRead } = await handle.read(head, 0, MAX_HEADER_BYTES, 0);
  if (bytesRead === 0) refuseFile(file, 'is empty');
  if (head[0] === 0xff && head[1] === 0xfe) refuseFile(file, 'is UTF-16 text; save it as UTF-8');
  const text = head.toString('latin1', 0, bytesRead).replace(BYTE_ORDER_MARK, '');
  const end = text.search(/\r?\n|\r/);
  if (end === -1 && bytesRead === MAX_HEADER_BYTES) {
    refuseFile(file, `is not a table: its first line has more than ${MAX_HEADER_BYTES} bytes`);
  }
  if (text.includes('\0')) refuseFile(file, 'is binary data, not a table');
  return end === -1 ? text : text.slice(0, end);
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
}

async function* readRows(path: string, file: string, { separator, quote, dictionary }: Form): AsyncGenerator<TableRow> {
  const parser = parse({
    delimiter: separator,
    quote: quote ?? false,
    relax_quotes: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_RECORD_BYTES,
    encoding: 'latin1',
    info: quote !== null,
  });
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  source.on('error', (error) => parser.destroy(error)).pipe(parser);
  let line = 0;
  try {
    for await (const record of parser as AsyncIterable<string[] | { record: string[]; info: { lines: number } }>) {
      const cells = Array.isArray(record) ? record : record.record;
      line = Array.isArray(record) ? line + 1 : record.info.lines;
      if (line === 1 || (cells.length === 1 && cells[0]!.trim() === '')) continue;
      if (dictionary && line === 2 && !cells.some((cell) => /^\d{7}$/.test(cell.trim()))) continue;
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
