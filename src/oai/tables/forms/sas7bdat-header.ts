import type { FileHandle } from 'node:fs/promises';
import { refuseFile } from '../../../imaging/refuse.js';

/** What the first bytes of a SAS7BDAT file say of all others. */
export interface Header {
  /** Whether lengths and offsets have eight bytes; else four. */
  readonly wide: boolean;
  readonly littleEndian: boolean;
  /** A name that TextDecoder knows. */
  readonly encoding: string;
  /** Bytes of the header itself. */
  readonly length: number;
  readonly pageSize: number;
  readonly pages: number;
}

const MAGIC = Buffer.from('000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011', 'hex');

/** As much of the header as is read; its other fields say when and where the file was made. */
const READ = 288;

/** The largest page that SAS writes has 16 MiB. */
const MAX_PAGE = 1 << 24;

/** SAS's numbers of encodings that are not Latin-1, which older files do not name. */
const ENCODINGS: Readonly<Record<number, string>> = { 20: 'utf-8', 60: 'windows-1250', 62: 'windows-1252' };

/** @throws UserError FILE_REFUSED when the file is no SAS7BDAT file */
export async function readSasHeader(handle: FileHandle, file: string): Promise<Header> {
  const bytes = Buffer.alloc(READ);
  const { bytesRead } = await handle.read(bytes, 0, READ, 0);
  if (bytesRead < READ || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    refuseFile(file, "is not in SAS's format, whose first bytes it lacks");
  }
  const wide = bytes[32] === 0x33;
  const aligned = bytes[35] === 0x33 ? 4 : 0;
  const littleEndian = bytes[37] === 1;
  const int = (at: number): number => (littleEndian ? bytes.readInt32LE(at) : bytes.readInt32BE(at));
  const long = (at: number): number => Number(littleEndian ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at));
  const length = int(196 + aligned);
  const pageSize = int(200 + aligned);
  const pages = wide ? long(204 + aligned) : int(204 + aligned);
  if (length < READ || length > MAX_PAGE || pageSize < 512 || pageSize > MAX_PAGE || pages < 1) {
    refuseFile(file, `is damaged: its header tells of ${pages} pages of ${pageSize} bytes`);
  }
  return { wide, littleEndian, encoding: ENCODINGS[bytes[70]!] ?? 'latin1', length, pageSize, pages };
}
