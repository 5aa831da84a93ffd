/** Images cut into tiles for networks that see only so far: with a halo as wide as that, tiles give what the whole image would. */

const { ceil, min, max } = Math;

/** A tile: `core` is what it is for, `source` what the network is given, both within an image padded to whole multiples. */
export interface Tile {
  core: Rectangle;
  source: Rectangle;
}

export interface Rectangle {
  top: number;
  left: number;
  rows: number;
  columns: number;
}

/** What a network wants of the sizes of its images: the `sizes` of a manifest. */
export interface TileSizes {
  multipleOf: number;
  haloPx: number;
}

/** Rows and columns of a tile's core where nothing else is asked for: a halo of 100 px then adds two thirds to the work. */
export const TILE_CORE = 704;

/**
 * Cuts an image into tiles, row by row. Every border lies at a multiple of `multipleOf`, so that a network that strides sees the same
 * grid in each; halos end at the image padded to whole multiples, so that an image in one tile and in many has the same border.
 */
export function tilesOf(rows: number, columns: number, { multipleOf, haloPx }: TileSizes, core = TILE_CORE): Tile[] {
  const whole = (length: number) => ceil(length / multipleOf) * multipleOf;
  const [allRows, allColumns, side, halo] = [whole(rows), whole(columns), whole(core), whole(haloPx)];
  const tiles: Tile[] = [];
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < columns; left += side) {
      const [down, across] = [span(top, side, rows, allRows, halo), span(left, side, columns, allColumns, halo)];
      tiles.push({
        core: { top, left, rows: down.core, columns: across.core },
        source: { top: down.from, left: across.from, rows: down.to - down.from, columns: across.to - across.from },
      });
    }
  }
  return tiles;
}

/** Where a tile that begins at `start` ends, and its source with the halo. */
function span(start: number, side: number, length: number, padded: number, halo: number) {
  const core = min(side, length - start);
  return { core, from: max(0, start - halo), to: min(padded, start + side + halo) };
}

/** The pixels of a rectangle; beyond the image's last row and column these go on. */
export function cut(
  image: Float32Array,
  rows: number,
  columns: number,
  { top, left, ...size }: Rectangle,
): Float32Array {
  const tile = new Float32Array(size.rows * size.columns);
  for (let row = 0; row < size.rows; row++) {
    const line = min(top + row, rows - 1) * columns;
    const inside = min(size.columns, columns - left);
    tile.set(image.subarray(line + left, line + left + inside), row * size.columns);
    if (inside < size.columns)
      tile.fill(image[line + columns - 1]!, row * size.columns + inside, (row + 1) * size.columns);
  }
  return tile;
}

/** The core's pixels out of what a network gave for the source. */
export function coreOf(output: Float32Array, { core, source }: Tile): Float32Array {
  const pixels = new Float32Array(core.rows * core.columns);
  for (let row = 0; row < core.rows; row++) {
    const from = (core.top - source.top + row) * source.columns + core.left - source.left;
    pixels.set(output.subarray(from, from + core.columns), row * core.columns);
  }
  return pixels;
}
