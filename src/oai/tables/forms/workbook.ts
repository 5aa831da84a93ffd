import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { CellValue, StreamRow } from 'hucre';
import { openPromise } from 'yauzl';
import { UserError } from '../../../domain/errors.js';
import { refuseFile } from '../../../imaging/refuse.js';
import { Columns } from '../columns.js';
import type { Table, TableRow } from './table.js';

/** Unpacked bytes of a workbook, and of the parts of it that are held in memory whole: ten times what the largest table of a release needs. */
const MAX_UNPACKED = 2 * 1024 ** 3;
const MAX_HELD = 32 * 1024 ** 2;

/**
 * Opens an Excel workbook: its first sheet is the table, its first row the header. A number is read as the shortest decimal that is the same
 * number, a date as yyyy-mm-dd.
 *
 * @throws UserError FILE_REFUSED when it is no workbook or its first sheet is empty
 */
export async function openWorkbook(path: string, file: string): Promise<Table> {
  const sheets = await lookThrough(path, file);
  const header = await firstRow(path, file);
  const names = header.values.map(textOf);
  while (names.at(-1) === '') names.pop();
  if (names.length === 0) refuseFile(file, 'is no table: its first row is blank');
  return {
    columns: new Columns(file, names),
    width: names.length,
    otherSheets: Math.max(sheets - 1, 0),
    rows: () => readRows(path, file, header.index, names.length),
  };
}

/**
 * Counts the sheets that hold rows. A few packed bytes may unpack to more than there is memory; the archive says how much before any of it is
 * unpacked.
 */
async function lookThrough(path: string, file: string): Promise<number> {
  const zip = await openPromise(path).catch(() => null);
  // What is no archive is refused by what reads it.
  if (zip === null) return 0;
  try {
    let [unpacked, sheets] = [0, 0];
    for await (const entry of zip.eachEntry()) {
      const { fileName, uncompressedSize } = entry;
      unpacked += uncompressedSize;
      const held = !fileName.startsWith('xl/worksheets/') && uncompressedSize > MAX_HELD;
      if (held || unpacked > MAX_UNPACKED) {
        const most = (held ? MAX_HELD : MAX_UNPACKED) / 1024 ** 2;
        refuseFile(
          file,
          `unpacks to more than ${most} MiB ${held ? `in ${fileName}` : 'in all'}; save the table as CSV`,
        );
      }
      if (SHEET.test(fileName) && (await holdsRows(await zip.openReadStreamPromise(entry)))) sheets++;
    }
    return sheets;
  } catch (error) {
    if (error instanceof UserError) throw error;
    refuseFile(file, 'is no workbook that can be read: its packed content is damaged', error);
  } finally {
    zip.close();
  }
}

const SHEET = /^xl\/worksheets\/[^/]+\.xml$/;

/** Whether a cell of a sheet is filled: blank ones that are formatted have rows too. */
async function holdsRows(sheet: Readable): Promise<boolean> {
  let before = '';
  for await (const chunk of sheet.setEncoding('latin1') as AsyncIterable<string>) {
    if (/<(?:\w+:)?(?:v|is)[\s>]/.test(before + chunk)) return true;
    before = chunk.slice(-20);
  }
  return false;
}

async function firstRow(path: string, file: string): Promise<StreamRow> {
  for await (const row of sheetRows(path, file)) return row;
  refuseFile(file, 'is empty: its first sheet holds no rows');
}

async function* readRows(path: string, file: string, header: number, width: number): AsyncGenerator<TableRow> {
  for await (const { index, values } of sheetRows(path, file)) {
    if (index <= header) continue;
    const cells = values.map(textOf);
    if (cells.every((cell) => cell === '')) continue;
    // A sheet leaves out the blank cells at the end of a row.
    while (cells.length < width) cells.push('');
    yield { line: index + 1, cells };
  }
}

async function* sheetRows(path: string, file: string): AsyncGenerator<StreamRow> {
  const { HucreError, streamXlsxRows } = await import('hucre');
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    yield* streamXlsxRows(Readable.toWeb(bytes) as ReadableStream<Uint8Array>, { sheet: 0 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    // What is wrong with packed bytes the library and Node say in errors of several kinds, some without words.
    const why = error instanceof HucreError ? error.message.replace(/\.$/, '') : 'its packed content is damaged';
    refuseFile(file, `is no workbook that can be read: ${why}`, error);
  } finally {
    bytes.destroy();
  }
}

function textOf(value: CellValue): string {
  if (value === null) return '';
  if (value instanceof Date && !Number.isNaN(value.getTime())) {
    const time = value.toISOString();
    return time.endsWith('T00:00:00.000Z') ? time.slice(0, 10) : time.slice(0, 19);
  }
  return String(value).trim();
}
