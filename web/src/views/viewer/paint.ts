import { interpolateInferno, interpolateViridis } from 'd3-scale-chromatic';
import type { Grey } from '../../lib/grey-film.ts';
import { type Frame, scaleOf, type Sight, toPane, toPicture } from './geometry.ts';
import type { Stack, Window } from './stack.ts';

/** Colour maps, from black to white. */
export const COLOR_MAPS = ['grey', 'inverted', 'inferno', 'viridis'] as const;

export type ColorMap = (typeof COLOR_MAPS)[number];

const STEPS = 256;

const tables = new Map<ColorMap, Uint32Array>();

/** 256 colours as the bytes of ImageData on little-endian machines, which all browsers run on. */
export function colorTable(map: ColorMap): Uint32Array {
  let table = tables.get(map);
  if (!table) {
    table = Uint32Array.from({ length: STEPS }, (_, step) => colorAt(map, step));
    tables.set(map, table);
  }
  return table;
}

function colorAt(map: ColorMap, step: number): number {
  if (map === 'grey') return packed(step, step, step);
  if (map === 'inverted') return packed(255 - step, 255 - step, 255 - step);
  const text = (map === 'inferno' ? interpolateInferno : interpolateViridis)(step / (STEPS - 1));
  const hex = Number.parseInt(text.slice(1), 16);
  return packed(hex >> 16, (hex >> 8) & 255, hex & 255);
}

function packed(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A part of a picture in whole pixels. */
interface Region {
  left: number;
  top: number;
  columns: number;
  rows: number;
}

/** A picture through its window and colour map, pixel for pixel, onto a canvas as large as the part that is wanted. */
function paint(
  target: HTMLCanvasElement,
  { columns, data }: Pick<Grey, 'columns' | 'data'>,
  region: Region,
  [low, high]: Window,
  map: ColorMap,
): void {
  if (target.width !== region.columns || target.height !== region.rows) {
    target.width = region.columns;
    target.height = region.rows;
  }
  const context = target.getContext('2d');
  if (!context) return;
  const image = context.createImageData(region.columns, region.rows);
  const pixels = new Uint32Array(image.data.buffer);
  const table = colorTable(map);
  const scale = STEPS / (high - low);
  for (let row = 0, pixel = 0; row < region.rows; row++) {
    let from = (region.top + row) * columns + region.left;
    for (let column = 0; column < region.columns; column++, from++, pixel++) {
      const step = (data[from]! - low) * scale;
      pixels[pixel] = table[step <= 0 ? 0 : step >= STEPS ? STEPS - 1 : step | 0]!;
    }
  }
  context.putImageData(image, 0, 0);
}

/** A whole slice through its window. */
export function paintSlice(target: HTMLCanvasElement, stack: Stack, slice: number, window: Window): void {
  const { columns, rows } = stack;
  paint(target, { columns, data: stack.slice(slice) }, { left: 0, top: 0, columns, rows }, window, 'grey');
}

/** From here on each pixel is shown as a square: nothing that is not in the data shall look like detail. */
const SQUARES_FROM = 6;

interface Shown {
  stack: Stack;
  slice: number;
  window: Window;
  map: ColorMap;
}

/**
 * Draws what is in sight of a slice. Only that is painted, and of a large film the averages of so many pixels as fall into one of the
 * screen: a window can be dragged however large the film is.
 *
 * @param scratch a canvas that nobody sees
 */
export function drawSlice(
  canvas: HTMLCanvasElement,
  scratch: HTMLCanvasElement,
  { stack, slice, window, map }: Shown,
  frame: Frame,
  sight: Sight,
): void {
  const density = devicePixelRatio;
  const [width, height] = [Math.round(frame.width * density), Math.round(frame.height * density)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  const [across, down] = scaleOf(frame, sight);
  const factor = 2 ** Math.max(Math.floor(-Math.log2(Math.max(across, down) * density)), 0);
  const picture = reduced({ columns: stack.columns, rows: stack.rows, data: stack.slice(slice) }, factor);
  const region = inSight(frame, sight, picture, factor);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  if (region.columns <= 0 || region.rows <= 0) return;
  paint(scratch, picture, region, window, map);
  const [left, top] = toPane(frame, sight, [region.left * factor - 0.5, region.top * factor - 0.5]);
  context.setTransform(density, 0, 0, density, 0, 0);
  context.imageSmoothingEnabled = across < SQUARES_FROM;
  context.imageSmoothingQuality = 'high';
  context.drawImage(scratch, left, top, region.columns * factor * across, region.rows * factor * down);
}

/** The pixels of a picture, reduced by a factor, that a pane shows, and one more on each side. */
function inSight(frame: Frame, sight: Sight, { columns, rows }: Grey, factor: number): Region {
  const [firstColumn, firstRow] = toPicture(frame, sight, [0, 0]);
  const [lastColumn, lastRow] = toPicture(frame, sight, [frame.width, frame.height]);
  const from = (place: number) => Math.max(Math.floor(place / factor) - 1, 0);
  const to = (place: number, size: number) => Math.min(Math.ceil(place / factor) + 2, size);
  const [left, top] = [from(firstColumn), from(firstRow)];
  return { left, top, columns: to(lastColumn, columns) - left, rows: to(lastRow, rows) - top };
}

const halves = new WeakMap<object, Grey>();

/** A picture at a half, a quarter, ... of its size, each pixel the mean of those that it stands for; kept as long as the picture is. */
function reduced(picture: Grey, factor: number): Grey {
  if (factor === 1) return picture;
  const key = picture.data as object;
  let half = halves.get(key);
  if (!half) {
    half = halved(picture);
    halves.set(key, half);
  }
  return reduced(half, factor / 2);
}

function halved({ columns, rows, data }: Grey): Grey {
  const [across, down] = [Math.ceil(columns / 2), Math.ceil(rows / 2)];
  const means = new Float32Array(across * down);
  for (let row = 0, pixel = 0; row < down; row++) {
    const upper = 2 * row * columns;
    const lower = Math.min(2 * row + 1, rows - 1) * columns;
    for (let column = 0; column < across; column++, pixel++) {
      const left = 2 * column;
      const right = Math.min(left + 1, columns - 1);
      means[pixel] = (data[upper + left]! + data[upper + right]! + data[lower + left]! + data[lower + right]!) / 4;
    }
  }
  return { columns: across, rows: down, data: means };
}
