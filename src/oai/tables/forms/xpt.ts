import { type FileHandle, open } from 'node:fs/promises';
import { refuseFile } from '../../../imaging/refuse.js';
import { Columns } from '../columns.js';
import { checkColumns, formatName, missingCode, type SasColumn, sasNumber } from './sas-values.js';
import type { Table, TableRow } from './table.js';
import { wordsOf } from './words.js';

/** Everything in a transport file is in records of 80 bytes. */
const RECORD = 80;

/** Bytes that describe a column: 136 on VAX/VMS, 140 elsewhere (TS-140). */
const DESCRIPTIONS = [136, 140];

/** More columns than any table of a release has. */
const MAX_COLUMNS = 32_767;

/** Bytes that are read at once. */
const CHUNK = 1 << 20;

/** Records that are read at once where one is sought. */
const RECORDS_AT_ONCE = Math.floor(CHUNK / RECORD);

/** How the record begins with which another table begins. */
const NEXT_TABLE = Buffer.from('HEADER RECORD*******MEMB');

const LIBRARY = /^HEADER RECORD\*{7}(?:LIBRARY |LIBV8 {3})HEADER RECORD!{7}/;
const MEMBER = /^HEADER RECORD\*{7}(?:MEMBER {2}|MEMBV8 {2})HEADER RECORD!{7}/;
const NAMES = /^HEADER RECORD\*{7}(?:NAMESTR |NAMSTV8 )HEADER RECORD!{7}(\d{5})(\d{5})/;
const ROWS = /^HEADER RECORD\*{7}(?:OBS {5}|OBSV8 {3})HEADER RECORD!{7}/;

/**
 * Opens a table in SAS's transport format, versions 5 and 8, as SAS's documents TS-140 and TS-142 describe it. Special missing values keep
 * their codes.
 *
 * @throws UserError FILE_REFUSED when the file is none, is damaged or holds more than one table
 */
export async function openXpt(path: string, file: string): Promise<Table> {
  const { columns, rowLength, start } = await readHeader(path, file);
  checkColumns(file, columns, rowLength);
  return {
    columns: new Columns(
      file,
      columns.map(({ name }) => name),
      columns.map(({ label }) => label),
    ),
    width: columns.length,
    rows: () => readRows(path, file, { columns, rowLength, start }),
  };
}

interface Layout {
  readonly columns: readonly SasColumn[];
  readonly rowLength: number;
  /** Where the first row begins. */
  readonly start: number;
}

async function readHeader(path: string, file: string): Promise<Layout> {
  await using handle = await open(path);
  const record = async (position: number, length = RECORD): Promise<Buffer> => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, position);
    if (bytesRead < length) refuseFile(file, 'is cut off within its header');
    return bytes;
  };
  if (!LIBRARY.test((await record(0)).toString('latin1'))) {
    refuseFile(file, 'is not in the transport format of SAS, whose first line it lacks');
  }
  const member = (await record(3 * RECORD)).toString('latin1');
  const description = Number(member.slice(73, 78)) || 140;
  if (!DESCRIPTIONS.includes(description)) {
    refuseFile(file, `is damaged: it describes a column in ${description} bytes; 140, or 136 on VAX, are usual`);
  }
  let position = 7 * RECORD;
  const names = NAMES.exec((await record(position)).toString('latin1'));
  if (!MEMBER.test(member) || !names) refuseFile(file, 'is damaged: its header does not describe its columns');
  // SAS writes the number in the second field of either version; the library behind haven writes that of version 8 in the first.
  const count = Number(names[2]) || Number(names[1]);
  if (count < 1 || count > MAX_COLUMNS) refuseFile(file, `is damaged: its header tells of ${count} columns`);
  position += RECORD;
  const described = await record(position, count * description);
  const columns: SasColumn[] = [];
  let rowLength = 0;
  for (let at = 0; at < described.length; at += description) {
    const column = columnOf(described.subarray(at, at + description), rowLength);
    columns.push(column);
    rowLength += column.length;
  }
  position += Math.ceil((count * description) / RECORD) * RECORD;
  const start = await findRows(handle, position, file);
  return start === null ? refuseFile(file, 'is damaged: its rows are missing') : { columns, rowLength, start };
}

/**
 * Where the rows begin, after the record that says so; null where none does. Labels of more than 40 letters lie between the names and the
 * rows; their beginning is with the names.
 */
async function findRows(handle: FileHandle, from: number, file: string): Promise<number | null> {
  const chunk = Buffer.alloc(RECORDS_AT_ONCE * RECORD);
  for (let position = from; ; position += chunk.length) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    for (let at = 0; at + RECORD <= bytesRead; at += RECORD) {
      if (chunk[at] === 0x48 && ROWS.test(chunk.toString('latin1', at, at + RECORD))) return position + at + RECORD;
    }
    if (bytesRead < chunk.length) {
      return bytesRead % RECORD === 0 ? null : refuseFile(file, 'is cut off within its header');
    }
  }
}

/** Values follow one another as their columns do: the place that a description gives is that in SAS's memory. */
function columnOf(description: Buffer, offset: number): SasColumn {
  const text = (start: number, end: number): string => wordsOf(description.toString('latin1', start, end)).trim();
  const long = description.length >= 120 ? text(88, 120).replaceAll('\0', '') : '';
  return {
    name: long === '' ? text(8, 16) : long,
    numeric: description.readInt16BE(0) === 1,
    length: description.readInt16BE(4),
    offset,
    format: formatName(text(56, 64)),
    label: text(16, 56).replaceAll('\0', ''),
  };
}

async function* readRows(path: string, file: string, { columns, rowLength, start }: Layout): AsyncGenerator<TableRow> {
  await using handle = await open(path);
  const { size } = await handle.stat();
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK / rowLength));
  const chunk = Buffer.alloc(rowsAtOnce * rowLength + NEXT_TABLE.length);
  let line = 0;
  let blank = 0;
  for (let position = start; position + rowLength <= size; position += rowsAtOnce * rowLength) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (holdsNextTable(chunk.subarray(0, bytesRead), position)) {
      refuseFile(file, 'holds more than one table; give each table a file of its own');
    }
    for (let at = 0; at + rowLength <= bytesRead && at < rowsAtOnce * rowLength; at += rowLength) {
      const row = chunk.subarray(at, at + rowLength);
      // The last record is filled up with blanks; a row of blanks is one only where another row follows.
      if (row.every((byte) => byte === 0x20)) {
        blank++;
        continue;
      }
      line += blank + 1;
      blank = 0;
      yield { line, cells: columns.map((column) => cellOf(row, column)) };
    }
  }
}

/** A table begins at a record of its own. */
function holdsNextTable(bytes: Buffer, position: number): boolean {
  for (let at = (RECORD - (position % RECORD)) % RECORD; at + NEXT_TABLE.length <= bytes.length; at += RECORD) {
    if (bytes[at] === NEXT_TABLE[0] && bytes.subarray(at, at + NEXT_TABLE.length).equals(NEXT_TABLE)) return true;
  }
  return false;
}

function cellOf(row: Buffer, { numeric, offset, length, format }: SasColumn): string {
  const bytes = row.subarray(offset, offset + length);
  if (!numeric) return wordsOf(bytes.toString('latin1')).replace(/[\0 ]+$/, '');
  const [first = 0] = bytes;
  const missing = (first === 0x2e || first === 0x5f || (first >= 0x41 && first <= 0x5a)) && isZero(bytes.subarray(1));
  return missing ? missingCode(first) : sasNumber(ibmNumber(bytes), format);
}

/** IBM's hexadecimal floating point, cut to its first bytes: a sign, a power of 16 and a fraction of 56 bits. */
function ibmNumber(bytes: Buffer): number {
  const whole = Buffer.alloc(8);
  bytes.copy(whole);
  const high = whole.readUInt32BE(0);
  const fraction = (high & 0xffffff) / 2 ** 24 + whole.readUInt32BE(4) / 2 ** 56;
  const power = ((high >>> 24) & 0x7f) - 64;
  return (high & 0x80000000 ? -1 : 1) * fraction * 16 ** power;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
