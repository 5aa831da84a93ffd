import type { GreyImage } from '../metrics/index.js';
import { badge, COLOURS, drawSvg, greyUrl, picture, tag, text } from './drawing.js';

const { ceil, min, round } = Math;

export interface ContactSheet {
  /** First line, e.g. "Participant 1000001 · V00 · right knee". */
  readonly title: string;
  /** Second line, e.g. the bundle's name and version, or the sequence. */
  readonly subtitle: string;
  /** Written on every slice and on the page: what it is of, e.g. "SYNTHETIC". */
  readonly label: string;
  /** Whether the slices run from posterior to anterior. */
  readonly coronal: boolean;
  /** Every slice of the series in [0, 1], made when it is drawn. */
  readonly slices: readonly (() => GreyImage)[];
}

/** Slices on a sheet at most, at equal steps from the first to the last. */
const SHOWN = 24;
const ACROSS = 6;

/** Lengths in pixels of the picture. */
const TILE = 200;
const GAP = 8;
const MARGIN = 28;
const HEADER = 88;
const FOOTER = 40;
const CAPTION = 20;

/** Draws slices of a whole series on one sheet. @returns a PNG file */
export function contactSheet({ title, subtitle, label, coronal, slices }: ContactSheet): Promise<Buffer> {
  const shown = shownSlices(slices.length);
  const across = min(ACROSS, shown.length);
  const down = ceil(shown.length / across);
  const width = 2 * MARGIN + ACROSS * TILE + (ACROSS - 1) * GAP;
  const height = HEADER + down * (TILE + CAPTION + GAP) + FOOTER;
  const colour = label === 'REAL' ? COLOURS.real : COLOURS.synthetic;
  const tiles = shown.flatMap((index, place) => {
    const x = MARGIN + (place % across) * (TILE + GAP);
    const y = HEADER + Math.floor(place / across) * (TILE + CAPTION + GAP) + CAPTION;
    const caption = text(x, y - 6, `Slice ${index + 1} of ${slices.length}`, { size: 12, colour: COLOURS.quiet });
    return [caption, picture(x, y, greyUrl(slices[index]!()), TILE, TILE), tag(x, y + TILE, label, colour)];
  });
  const order = coronal ? ' Slices run from posterior to anterior.' : '';
  return drawSvg(
    [
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="DejaVu Sans">`,
      `<rect width="${width}" height="${height}" fill="${COLOURS.page}"/>`,
      text(MARGIN, 42, title, { size: 22, bold: true }),
      text(MARGIN, 66, subtitle, { size: 14, colour: COLOURS.quiet }),
      badge(width - MARGIN, 26, `${label} MRI`, colour),
      ...tiles,
      text(MARGIN, height - 16, `Radiological view.${order} Research use only.`, { size: 12, colour: COLOURS.quiet }),
      '</svg>',
    ].join('\n'),
  );
}

function shownSlices(count: number): number[] {
  const shown = min(SHOWN, count);
  return Array.from({ length: shown }, (_, place) => (shown === 1 ? 0 : round((place * (count - 1)) / (shown - 1))));
}
