/** The part of fft.js 4 that is used; the package has no types of its own. */
declare module 'fft.js' {
  class FFT {
    /** @param size a power of two, at least 2 */
    constructor(size: number);
    createComplexArray(): number[];
    /** Fills the first half of `out` (interleaved re, im) with the transform of real values. */
    realTransform(out: number[], data: readonly number[]): void;
    /** Fills the other half after {@link realTransform}. */
    completeSpectrum(spectrum: number[]): void;
    /** Fills `out` (interleaved re, im) with the inverse transform, divided by the size. */
    inverseTransform(out: number[], spectrum: readonly number[]): void;
    transform(out: number[], data: readonly number[]): void;
  }
  export = FFT;
}
