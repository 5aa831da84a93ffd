/** A rectangle of an image, row by row, and where its first pixel belongs. */
export interface Piece {
  top: number;
  left: number;
  rows: number;
  columns: number;
  pixels: Float32Array;
}

/** Puts a piece into the image of so many columns that it is of. */
export function putPiece(image: Float32Array, imageColumns: number, { top, left, rows, columns, pixels }: Piece): void {
  for (let row = 0; row < rows; row++) {
    image.set(pixels.subarray(row * columns, (row + 1) * columns), (top + row) * imageColumns + left);
  }
}
