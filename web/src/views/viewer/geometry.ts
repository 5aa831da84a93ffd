/** Column and row in a picture; the middle of the first pixel is 0, 0. */
export type Point = readonly [column: number, row: number];

/** Which part of a picture is in sight: 1 fits it into the pane; the point in the middle is a share of the picture's width and height. */
export interface Sight {
  zoom: number;
  x: number;
  y: number;
}

export const WHOLE: Sight = { zoom: 1, x: 0.5, y: 0.5 };

/** How far and how near a picture goes; a pixel of a film of 4,000 is then as large as a dozen of the screen. */
export const ZOOM = { least: 0.25, most: 100 } as const;

/** A pane of so many CSS pixels and the picture in it, in pixels with their sizes (mm, or 1 where they are unknown). */
export interface Frame {
  width: number;
  height: number;
  columns: number;
  rows: number;
  pixel: readonly [number, number];
}

/** CSS pixels of the pane for each pixel of the picture, across and down. */
export function scaleOf({ width, height, columns, rows, pixel }: Frame, { zoom }: Sight): readonly [number, number] {
  const fit = Math.min(width / (columns * pixel[0]), height / (rows * pixel[1])) * zoom;
  return [fit * pixel[0], fit * pixel[1]];
}

/** Where a point of the picture is in the pane. */
export function toPane(frame: Frame, sight: Sight, [column, row]: Point): Point {
  const [across, down] = scaleOf(frame, sight);
  return [
    frame.width / 2 + (column + 0.5 - sight.x * frame.columns) * across,
    frame.height / 2 + (row + 0.5 - sight.y * frame.rows) * down,
  ];
}

/** The point of the picture under a place of the pane. */
export function toPicture(frame: Frame, sight: Sight, [left, top]: Point): Point {
  const [across, down] = scaleOf(frame, sight);
  return [
    (left - frame.width / 2) / across + sight.x * frame.columns - 0.5,
    (top - frame.height / 2) / down + sight.y * frame.rows - 0.5,
  ];
}

/** Nearer or farther by a factor, with the place under the pointer where it was. */
export function zoomAt(frame: Frame, sight: Sight, factor: number, place: Point): Sight {
  const [column, row] = toPicture(frame, sight, place);
  const zoom = Math.min(Math.max(sight.zoom * factor, ZOOM.least), ZOOM.most);
  const [across, down] = scaleOf(frame, { ...sight, zoom });
  return {
    zoom,
    x: share((column + 0.5 - (place[0] - frame.width / 2) / across) / frame.columns),
    y: share((row + 0.5 - (place[1] - frame.height / 2) / down) / frame.rows),
  };
}

/** The picture moved by so many CSS pixels. */
export function moveBy(frame: Frame, sight: Sight, [left, top]: Point): Sight {
  const [across, down] = scaleOf(frame, sight);
  return {
    zoom: sight.zoom,
    x: share(sight.x - left / across / frame.columns),
    y: share(sight.y - top / down / frame.rows),
  };
}

/** The middle of the pane never leaves the picture. */
function share(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

/** Distance in the unit of the pixel's size. */
export function distance(a: Point, b: Point, [across, down]: readonly [number, number]): number {
  return Math.hypot((b[0] - a[0]) * across, (b[1] - a[1]) * down);
}

/** Angle at the middle point, degrees, 0 to 180. */
export function angleAt(
  [a, vertex, b]: readonly [Point, Point, Point],
  [across, down]: readonly [number, number],
): number {
  const one = [(a[0] - vertex[0]) * across, (a[1] - vertex[1]) * down] as const;
  const two = [(b[0] - vertex[0]) * across, (b[1] - vertex[1]) * down] as const;
  const lengths = Math.hypot(...one) * Math.hypot(...two);
  if (lengths === 0) return 0;
  const cosine = (one[0] * two[0] + one[1] * two[1]) / lengths;
  return (Math.acos(Math.min(Math.max(cosine, -1), 1)) * 180) / Math.PI;
}

/** The foot of the perpendicular from a point to the line through two others; the first of them where they are the same. */
export function footOn(
  [from, to]: readonly [Point, Point],
  point: Point,
  [across, down]: readonly [number, number],
): Point {
  const line = [(to[0] - from[0]) * across, (to[1] - from[1]) * down] as const;
  const square = line[0] ** 2 + line[1] ** 2;
  if (square === 0) return from;
  const part = ((point[0] - from[0]) * across * line[0] + (point[1] - from[1]) * down * line[1]) / square;
  return [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
}
