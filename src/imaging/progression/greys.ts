/**
 * A frame as 16-bit grey values on the film's own scale, cut at 0 and 65,535.
 *
 * @param factor what the greys are multiplied by: 257 brings a film of 8 bits to 16 and keeps what lies between its greys
 */
export function frameGreys(pixels: Float32Array, factor: number): Uint16Array {
  return Uint16Array.from(pixels, (value) => Math.round(Math.min(Math.max(factor * value, 0), 65_535)));
}
