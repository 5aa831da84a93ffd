import type { GreyImage } from '../metrics/index.js';
import { drawSvg, FONT, greyUrl, text, type TextStyle } from './drawing.js';
import { heatUrl } from './heat.js';

export interface DifferenceSheet {
  readonly title: string;
  readonly first: { readonly label: string; readonly slices: readonly GreyImage[] };
  readonly second: { readonly label: string; readonly slices: readonly GreyImage[] };
  readonly note: string;
}

const TILE = 200;
const GAP = 8;
const MARGIN = 24;
const TOP = 72;
const SHOWN = 6;
const DEPTHS = { first: 0.3, last: 0.95 } as const;
const FULL = 0.25;

/** Draws two generated volumes of one knee below each other, and below them where their intensities differ. @returns a PNG file */
export async function renderDifferenceSheet({ title, first, second, note }: DifferenceSheet): Promise<Buffer> {
  const count = first.slices.length;
  const columns = Math.min(SHOWN, count);
  const indices = Array.from({ length: columns }, (_, column) => {
    const depth = DEPTHS.first + ((DEPTHS.last - DEPTHS.first) * column) / Math.max(columns - 1, 1);
    return Math.round(depth * (count - 1));
  });
  const width = 2 * MARGIN + columns * TILE + (columns - 1) * GAP;
  const row = TILE + 26;
  const height = TOP + 3 * row + 30;
  const maps = indices.map((index) => {
    const a = first.slices[index]!;
    const data = a.data.map((value, pixel) => Math.abs(value - second.slices[index]!.data[pixel]!));
    return heatUrl({ ...a, data }, FULL);
  });
  const rows: [string, string[]][] = [
    [`SYNTHETIC: ${first.label}`, indices.map((index) => greyUrl(first.slices[index]!))],
    [`SYNTHETIC: ${second.label}`, indices.map((index) => greyUrl(second.slices[index]!))],
    [`Absolute difference, brightest at ${FULL} of the intensity range`, maps],
  ];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="${FONT}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ink(MARGIN, 34, title, { size: 17, bold: true }),
    ...rows.flatMap(([label, urls], place) => [
      ink(MARGIN, TOP + place * row - 7, label, { size: 11.5, bold: true }),
      ...urls.map(
        (url, column) =>
          `<image x="${MARGIN + column * (TILE + GAP)}" y="${TOP + place * row}" width="${TILE}" height="${TILE}" xlink:href="${url}"/>`,
      ),
    ]),
    ink(MARGIN, height - 14, note, { size: 10.5, colour: '#5b6573' }),
    '</svg>',
  ];
  return drawSvg(parts.join('\n'), { background: 'white' });
}

/** Text on white. */
function ink(x: number, y: number, content: string, style: TextStyle): string {
  return text(x, y, content, { colour: '#111827', ...style });
}
