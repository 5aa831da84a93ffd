/** Five slices by a formula and what is hidden of them, as `invented` of the training package's `inpainting/export.py` has them. */
export function inventedSlices(rows: number, columns: number): Float32Array[] {
  return Array.from({ length: 5 }, (_, slice) =>
    Float32Array.from({ length: rows * columns }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / columns), pixel % columns];
      return 0.5 + 0.3 * Math.sin((row + 2 * slice) / 5) * Math.cos((column - slice) / 7);
    }),
  );
}

/** A rectangle of the middle slice, and a corner of the one above. */
export function inventedMasks(rows: number, columns: number): (Uint8Array | null)[] {
  const mask = (inside: (row: number, column: number) => boolean) =>
    Uint8Array.from({ length: rows * columns }, (_, pixel) =>
      inside(Math.floor(pixel / columns), pixel % columns) ? 1 : 0,
    );
  const middle = mask((row, column) => row >= 10 && row < 30 && column >= 20 && column < 51);
  const above = mask((row, column) => row < 20 && column < 40);
  return [null, null, middle, above, null];
}
