/** A square cut from a film around one knee, in film pixels (fractions allowed); it may reach over the film's border. */
export interface SquareBox {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** Smallest side of a box that still shows a knee, film pixels. */
export const MIN_BOX = 16;
