import { refuseFile } from '../../../imaging/refuse.js';
import type { Header } from './sas7bdat-header.js';
import type { Page } from './sas7bdat-page.js';
import { formatName, type SasColumn } from './sas-values.js';

/** What the metadata of a SAS7BDAT file say of its rows. */
export interface Structure {
  readonly columns: readonly SasColumn[];
  readonly rowLength: number;
  readonly rows: number;
  /** How many rows a page with metadata holds at most. */
  readonly rowsBesideMetadata: number;
  readonly compression: Compression;
}

/** How rows are compressed: by runs of bytes (`COMPRESS=CHAR`) or by Ross's method (`COMPRESS=BINARY`). */
export type Compression = 'none' | 'runs' | 'ross';

const ROW_SIZE = 0xf7f7f7f7;
const COLUMN_COUNT = 0xf6f6f6f6;
const TEXT = 0xfffffffd;
const NAMES = 0xffffffff;
const ATTRIBUTES = 0xfffffffc;
const FORMATS = 0xfffffbfe;

/** SAS itself allows no more columns. */
const MAX_COLUMNS = 32_767;

interface Found {
  rowLength: number;
  rows: number;
  rowsBesideMetadata: number;
  count: number;
  readonly texts: Buffer[];
  readonly names: string[];
  readonly attributes: Omit<SasColumn, 'name' | 'format' | 'label'>[];
  readonly formats: string[];
  readonly labels: string[];
}

/**
 * Collects the metadata, which may lie on any number of pages before the rows.
 * @throws UserError FILE_REFUSED when they do not describe a table
 */
export async function readStructure(pages: AsyncIterable<Page>, header: Header, file: string): Promise<Structure> {
  const found: Found = {
    ...{ rowLength: 0, rows: -1, rowsBesideMetadata: 0, count: -1 },
    ...{ texts: [], names: [], attributes: [], formats: [], labels: [] },
  };
  try {
    for await (const page of pages) {
      for (const { signature, bytes } of page.subheaders) takeBlock(found, signature, bytes, header);
      if (isComplete(found)) break;
    }
  } catch (error) {
    if (error instanceof RangeError) refuseFile(file, 'is damaged: a block of its metadata is too short', error);
    throw error;
  }
  if (!isComplete(found) || found.rowLength < 1 || found.count > MAX_COLUMNS) {
    refuseFile(file, 'is damaged: its metadata do not describe a table');
  }
  const { rowLength, rows, rowsBesideMetadata } = found;
  return {
    columns: found.attributes.map((attributes, index) => ({
      ...attributes,
      name: found.names[index]!,
      format: found.formats[index] ?? '',
      label: found.labels[index] ?? '',
    })),
    ...{ rowLength, rows, rowsBesideMetadata, compression: compressionOf(found.texts[0]) },
  };
}

function isComplete({ rows, count, names, attributes, formats }: Found): boolean {
  return rows >= 0 && count >= 1 && names.length === count && attributes.length === count && formats.length === count;
}

function takeBlock(found: Found, signature: number, bytes: Buffer, header: Header): void {
  const { wide, littleEndian } = header;
  const field = wide ? 8 : 4;
  const u16 = (at: number): number => (littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const word = (at: number): number =>
    wide ? Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : u32(at);
  const text = (at: number): string => {
    const blob = found.texts[u16(at)];
    const [offset, length] = [u16(at + 2), u16(at + 4)];
    return blob ? new TextDecoder(header.encoding).decode(blob.subarray(offset, offset + length)) : '';
  };
  switch (signature) {
    case ROW_SIZE:
      found.rowLength = word(5 * field);
      found.rows = word(6 * field);
      found.rowsBesideMetadata = word(15 * field);
      return;
    case COLUMN_COUNT:
      found.count = word(field);
      return;
    case TEXT:
      found.texts.push(Buffer.from(bytes.subarray(field)));
      return;
    case NAMES:
      for (let at = field + 8; at + 8 <= bytes.length - field - 4; at += 8) found.names.push(text(at).trim());
      return;
    case ATTRIBUTES: {
      const size = field + 8;
      for (let at = field + 8; at + size <= bytes.length - field - 4; at += size) {
        found.attributes.push({ offset: word(at), length: u32(at + field), numeric: bytes[at + field + 6] === 1 });
      }
      return;
    }
    case FORMATS:
      found.formats.push(formatName(text(3 * field + 22)));
      found.labels.push(text(3 * field + 28));
  }
}

/** The first text of a file names the method by which its rows are compressed. */
function compressionOf(text: Buffer | undefined): Compression {
  const start = text?.toString('latin1', 0, 64) ?? '';
  return start.includes('SASYZCRL') ? 'runs' : start.includes('SASYZCR2') ? 'ross' : 'none';
}
