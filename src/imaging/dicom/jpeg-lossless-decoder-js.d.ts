/** The package names a declaration file that it does not ship. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** Decodes one JPEG lossless (process 14) image to little-endian samples of 1 or 2 bytes. */
    decompress(buffer: ArrayBufferLike, offset?: number, length?: number): ArrayBuffer;
  }
}
