/**
 * A frame as 16-bit grey values on the film's own scale, cut at 0 and 65,535.
 *
 * @param factor what the greys are multiplied by: 257 brings a film of 8 bits to 16 and keeps what lies between its greys
 */
export function frameGreys(pixels: Float32Array, factor: number): Uint16Array {
  return Uint16Array.from(pixels, (value) => Math.round(Math.min(Math.max(factor * value, 0), 65_535)));
}

/** 257 for a film whose file can only hold greys up to 255, so that its white is 255 and not 65,535; else 1. */
export function greyFactor(film: { data: Float32Array }): number {
  return film.data.every((value) => value <= 255) ? 257 : 1;
}
