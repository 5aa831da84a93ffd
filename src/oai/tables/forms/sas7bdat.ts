import { type FileHandle, open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { refuseFile } from '../../../imaging/refuse.js';
import { Columns } from '../columns.js';
import { type Header, readSasHeader } from './sas7bdat-header.js';
import { type Page, pageOf } from './sas7bdat-page.js';
import { readStructure, type Structure } from './sas7bdat-structure.js';
import { inflaterOf } from './sas-compression.js';
import { checkColumns, missingCode, type SasColumn, sasNumber } from './sas-values.js';
import type { Table, TableRow } from './table.js';

/**
 * Opens a table in SAS's own format, of 32 and 64 bits, either byte order, plain or compressed (`CHAR` and `BINARY`). The format is not
 * published; the fields are those that M. Shotwell's "SAS7BDAT database binary format" (2013) and the readers built on it name. Special missing
 * values keep their codes.
 *
 * @throws UserError FILE_REFUSED when the file is none or is damaged
 */
export async function openSas7bdat(path: string, file: string): Promise<Table> {
  await using handle = await open(path);
  const header = await readSasHeader(handle, file);
  const structure = await readStructure(pagesOf(handle, header, file), header, file);
  checkColumns(file, structure.columns, structure.rowLength);
  return {
    columns: new Columns(
      file,
      structure.columns.map(({ name }) => name),
      structure.columns.map(({ label }) => label),
    ),
    width: structure.columns.length,
    rows: () => readRows(path, file, header, structure),
  };
}

/** The pages of an open file, one after the other; each is gone when the next is asked for. */
async function* pagesOf(handle: FileHandle, header: Header, file: string): AsyncGenerator<Page> {
  const bytes = Buffer.alloc(header.pageSize);
  for (let index = 0; index < header.pages; index++) {
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, header.length + index * header.pageSize);
    if (bytesRead < bytes.length) refuseFile(file, `is cut off: it has ${index} of its ${header.pages} pages`);
    yield pageOf(bytes, header, file);
  }
}

async function* readRows(path: string, file: string, header: Header, structure: Structure): AsyncGenerator<TableRow> {
  const { columns, rowLength, rows, rowsBesideMetadata, compression } = structure;
  const inflate = inflaterOf(compression, rowLength, file);
  const text = new TextDecoder(header.encoding);
  await using handle = await open(path);
  let line = 0;
  for await (const page of pagesOf(handle, header, file)) {
    for (const row of page.rows(rowLength, rowsBesideMetadata)) {
      if (line === rows) return;
      const whole = row.packed ? inflate(row.bytes) : row.bytes;
      yield { line: ++line, cells: columns.map((column) => cellOf(whole, column, header, text)) };
    }
  }
  if (line < rows) refuseFile(file, `is damaged: it holds ${line} of its ${rows} rows`);
}

function cellOf(row: Buffer, column: SasColumn, { littleEndian }: Header, text: TextDecoder): string {
  const { numeric, offset, length, format } = column;
  const bytes = row.subarray(offset, offset + length);
  if (!numeric) return text.decode(bytes).replace(/[\0 ]+$/, '');
  // A column may keep only the first bytes of its numbers, which are the last ones in this order.
  const whole = Buffer.alloc(8);
  bytes.copy(whole, littleEndian ? 8 - length : 0);
  if (littleEndian) whole.reverse();
  const value = whole.readDoubleBE(0);
  return Number.isNaN(value) ? missingCode(tagOf(whole[2]!)) : sasNumber(value, format);
}

/** The letter in the third byte of a missing value: turned over, or, as some writers have it, counted from 2. */
function tagOf(byte: number): number {
  const turned = ~byte & 0xff;
  return turned >= 2 && turned < 28 ? 0x41 + turned - 2 : turned;
}
