import type { GreyImage } from '../metrics/index.js';
import { dataUrl } from './drawing.js';
import { encodeColourPng } from './png.js';

const { floor, min } = Math;

/** A colour map from black over purple and orange to pale yellow, at equal steps: strength of an edge difference. */
const HEAT = [
  [10, 12, 18],
  [58, 15, 94],
  [131, 32, 107],
  [200, 62, 77],
  [243, 120, 40],
  [252, 190, 75],
  [252, 255, 200],
] as const;

/** Edge difference shown as the brightest colour. */
export const FULL_HEAT = 0.5;

/** An image as colours from black over orange to pale yellow, brightest at `full`: the URL of a PNG. */
export function heatUrl(image: GreyImage, full = FULL_HEAT): string {
  return dataUrl(heatPng(image, full));
}

/** The same as a PNG file. */
export function heatPng({ rows, columns, data }: GreyImage, full: number): Buffer {
  const colours = new Uint8Array(3 * data.length);
  for (let index = 0; index < data.length; index++) {
    const place = min(data[index]! / full, 1) * (HEAT.length - 1);
    const below = min(floor(place), HEAT.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [low, high] = [HEAT[below]![channel]!, HEAT[below + 1]![channel]!];
      colours[3 * index + channel] = low + (high - low) * (place - below);
    }
  }
  return encodeColourPng({ rows, columns, data: colours });
}
