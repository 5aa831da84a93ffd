/** The Emscripten encoders of Cornerstone, which ship without declarations. */
interface CornerstoneEncoder {
  getDecodedBuffer(frame: object): Uint8Array;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  const load: (options: object) => Promise<{ J2KEncoder: new () => CornerstoneEncoder }>;
  export { load as default };
}

declare module '@cornerstonejs/codec-charls/wasmjs' {
  const load: (options: object) => Promise<{ JpegLSEncoder: new () => CornerstoneEncoder }>;
  export { load as default };
}
