/** The Emscripten decoders of Cornerstone, which ship without declarations. */
interface CornerstoneDecoder {
  /** Room for the encoded image inside the WebAssembly memory; valid until the next call. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  /** The decoded samples inside the WebAssembly memory: bytes, little-endian pairs above 8 bits. */
  getDecodedBuffer(): Uint8Array;
  /** What the codestream says of the decoded image. */
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
}

/** Where Emscripten sends what the codec prints; the console when absent. The loader turns this very object into the instance. */
interface CornerstoneOptions {
  print?: (line: string) => void;
  printErr?: (line: string) => void;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const load: (options: CornerstoneOptions) => Promise<{ J2KDecoder: new () => CornerstoneDecoder }>;
  export { load as default };
}

declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const load: (options: CornerstoneOptions) => Promise<{ HTJ2KDecoder: new () => CornerstoneDecoder }>;
  export { load as default };
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const load: (options: CornerstoneOptions) => Promise<{ JpegLSDecoder: new () => CornerstoneDecoder }>;
  export { load as default };
}
