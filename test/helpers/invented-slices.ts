/** Five slices by a formula and what is hidden of them, as `invented` of the training package's `inpainting/export.py` has them. */
export function inventedSlices(rows: number, columns: number): Float32Array[] {
  return Array.from({ length: 5 }, (_, slice) =>
    Float32Array.from({ length: rows * columns }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / columns), pixel % columns];
      return 0.5 + 0.3 * Math.sin((row + 2 * slice) / 5) * Math.cos((column - slice) / 7);
    }),
  );
}

/** Six slices of 40 x 48 pixels, the volume of `invented` in test/golden/superres.py. */
export function inventedKnee(): Float32Array[] {
  const [rows, columns, slices] = [40, 48, 6];
  return Array.from({ length: slices }, (_, z) =>
    Float32Array.from({ length: rows * columns }, (_, pixel) => {
      const [x, y] = [pixel % columns, Math.floor(pixel / columns)];
      const bone = (x - 20) ** 2 + (y - 18) ** 2 < 150 ? 900 : 0;
      const line = Math.abs(y - 30 - 2 * Math.sin(x / 4)) < 2 ? 500 : 0;
      const knee = (x - 24) ** 2 / 500 + (y - 20) ** 2 / 330 < 1 ? 300 + bone + line : 3;
      return Math.round(knee * Math.exp((0.4 * x) / columns - 0.3 * (y / rows) ** 2 + (0.05 * z) / slices));
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
