import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { MAX_UPLOAD_BYTES } from '../../domain/uploads.js';
import { encodeFile } from '../../imaging/dicom/elements.js';
import { EXPLICIT } from '../../imaging/dicom/transfer-syntaxes.js';
import { IMPLEMENTATION_UID } from '../../imaging/dicom/write.js';

/** What the library may hand over at a time without being told to wait, bytes: more than any PDU. */
const HIGH_WATER_MARK = 64 * 1024 * 1024;

/**
 * A file that an object is written to as it comes. Each piece is on the disk before the next is read: the library does not wait for a stream
 * that is full, and would keep what such a stream has not written.
 */
export class ReceivedFile extends Writable {
  /** Why it is not whole, for who sends; null while it is. */
  fault: string | null = null;

  #descriptor: number | null;
  #bytes = 0;

  constructor(
    readonly path: string,
    {
      sopClassUid,
      sopInstanceUid,
      transferSyntax,
    }: Record<'sopClassUid' | 'sopInstanceUid' | 'transferSyntax', string>,
  ) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.on('error', () => undefined);
    const text = (tag: string, vr: string, value: string) => ({ tag, vr, value: Buffer.from(value, 'latin1') });
    const meta = [
      { tag: '00020001', vr: 'OB', value: Uint8Array.of(0, 1) },
      text('00020002', 'UI', sopClassUid),
      text('00020003', 'UI', sopInstanceUid),
      text('00020010', 'UI', transferSyntax),
      text('00020012', 'UI', IMPLEMENTATION_UID),
      text('00020013', 'SH', 'OSTEOGRAPH'),
    ];
    this.#descriptor = this.#attempt(() => openSync(path, 'wx', 0o600)) ?? null;
    // The data set follows as it comes, whatever its own transfer syntax is.
    this.#put(Buffer.from(encodeFile(meta, [], EXPLICIT)));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#put(chunk);
    done();
  }

  /** Everything has come. */
  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  /** Removes the file. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
  }

  #put(chunk: Buffer): void {
    if (this.fault !== null || this.#descriptor === null) return;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_UPLOAD_BYTES) {
      this.fault = `The object has more than ${MAX_UPLOAD_BYTES} bytes.`;
      return;
    }
    const descriptor = this.#descriptor;
    this.#attempt(() => {
      for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at);
    });
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.fault = `The object cannot be written: ${(error as NodeJS.ErrnoException).code}.`;
      return undefined;
    }
  }
}
