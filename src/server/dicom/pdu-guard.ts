/** Longest PDU that is none of data, bytes: a request for an association with 128 contexts of twenty transfer syntaxes each. */
const MOST_ASSOCIATION_BYTES = 128 * 1024;

/** What may come outside of objects until something is answered, bytes: commands have some hundred. */
const MOST_COMMAND_BYTES = 64 * 1024;

const [HEAD, DATA] = [6, 0x04];

/**
 * Looks at the lengths of the PDUs (PS3.8, 9.3) of a connection before the library does, which believes any and keeps in memory what it is
 * told to wait for.
 */
export class PduGuard {
  /** Whether an object is on its way to the disk. */
  storing = false;

  #head = Buffer.alloc(0);
  #left = 0;
  #commandBytes = 0;

  /** @param maxPdu most that a PDU of data may have behind its head, bytes: what was agreed on */
  constructor(private readonly maxPdu: number) {}

  /** Whether these bytes, which come next, may be taken. */
  allows(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const missing = HEAD - this.#head.length;
      this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + missing)]);
      at += missing;
      if (this.#head.length < HEAD) return true;
      const [type, length] = [this.#head.readUInt8(0), this.#head.readUInt32BE(2)];
      if (length > (type === DATA ? this.maxPdu : MOST_ASSOCIATION_BYTES)) return false;
      if (type === DATA && !this.storing) this.#commandBytes += length;
      if (this.#commandBytes > MOST_COMMAND_BYTES + this.maxPdu) return false;
      this.#left = length;
      this.#head = Buffer.alloc(0);
    }
    return true;
  }

  /** Something was answered: what comes from now on is counted anew. */
  answered(): void {
    this.#commandBytes = 0;
  }
}
