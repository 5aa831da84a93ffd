import type { GreyImage } from '../../metrics/index.js';
import { badge, COLOURS, drawSvg, greyPng, greyUrl, picture, tag, text } from '../drawing.js';
import { heatPng, heatUrl } from '../heat.js';
import type { Raster } from '../radiograph/resample.js';
import { resample, resize } from '../radiograph/resample.js';

const { max, min, round } = Math;

export interface BeforeAfter {
  /** First line: the file. */
  readonly title: string;
  /** Second line: what was done, by which bundle. */
  readonly subtitle: string;
  /** The film as the restorer was given it and what it gave, of one size, in units of the film's window. */
  readonly before: Raster;
  readonly after: Raster;
}

/** What a film was and has become, each small enough to look at: PNG files of one size, in grey and, where they differ, in colours. */
export interface Previews {
  rows: number;
  columns: number;
  before: Buffer;
  after: Buffer;
  difference: Buffer;
}

/** Longest side of a preview, pixels. */
const PREVIEW_SIDE = 1600;

/** @param label what the file of the restored film says of itself */
export function previewsOf({ before, after }: Pick<BeforeAfter, 'before' | 'after'>, label: string): Previews {
  const [small, made] = smaller(before, after, PREVIEW_SIDE);
  return {
    rows: small.rows,
    columns: small.columns,
    before: greyPng(small),
    after: greyPng(made, { Comment: label }),
    difference: heatPng(difference(small, made), FULL),
  };
}

/** Longest side of a picture, pixels; wider gaps for words. */
const SIDE = 520;
const GAP = 16;
const MARGIN = 28;
const HEADER = 92;
const FOOTER = 72;

/** Share of the window shown as the brightest colour of the difference. */
const FULL = 0.15;

/**
 * Draws a film before and after, and where they differ; its middle at full size below, where it is larger than the pictures.
 *
 * @returns a PNG file
 */
export function renderBeforeAfter({ title, subtitle, before, after }: BeforeAfter): Promise<Buffer> {
  const views = viewsOf(before, after);
  const { rows, columns } = views[0]!.before;
  const width = 2 * MARGIN + 3 * columns + 2 * GAP;
  const height = HEADER + views.length * (rows + GAP) + FOOTER;
  const parts = views.flatMap((view, place) => {
    const y = HEADER + place * (rows + GAP);
    const at = (index: number) => MARGIN + index * (columns + GAP);
    return [
      picture(at(0), y, greyUrl(view.before), columns, rows),
      tag(at(0), y + rows, `${view.label}, before`, COLOURS.film),
      picture(at(1), y, greyUrl(view.after), columns, rows),
      tag(at(1), y + rows, 'after, SYNTHETIC', COLOURS.synthetic),
      picture(at(2), y, heatUrl(difference(view.before, view.after), FULL), columns, rows),
      tag(at(2), y + rows, 'difference', COLOURS.quiet),
    ];
  });
  return drawSvg(
    [
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="DejaVu Sans">`,
      `<rect width="${width}" height="${height}" fill="${COLOURS.page}"/>`,
      text(MARGIN, 42, title, { size: 22, bold: true }),
      text(MARGIN, 68, subtitle, { size: 14, colour: COLOURS.quiet }),
      badge(width - MARGIN, 22, 'SYNTHETIC FILM', COLOURS.synthetic),
      ...parts,
      text(MARGIN, height - 40, `The brightest difference is ${100 * FULL} % of the film's window or more.`, {
        size: 12,
        colour: COLOURS.quiet,
      }),
      text(
        MARGIN,
        height - 18,
        'What a restored film adds is likely and was not seen. Research use only, not for clinical use.',
        {
          size: 12,
          colour: COLOURS.quiet,
        },
      ),
      '</svg>',
    ].join('\n'),
  );
}

interface View {
  label: string;
  before: GreyImage;
  after: GreyImage;
}

function viewsOf(before: Raster, after: Raster): View[] {
  const [small, made] = smaller(before, after, SIDE);
  const { rows, columns } = small;
  const whole = { label: 'film', before: small, after: made };
  if (rows === before.rows) return [whole];
  const window = {
    left: (before.columns - columns) >> 1,
    top: (before.rows - rows) >> 1,
    width: columns,
    height: rows,
  };
  const middle = (image: Raster) => resample(image, window, rows, columns);
  return [whole, { label: 'its middle at full size', before: middle(before), after: middle(after) }];
}

/** Two images of one size, no side longer than `side`. */
function smaller(before: Raster, after: Raster, side: number): [Raster, Raster] {
  const factor = min(1, side / max(before.rows, before.columns));
  if (factor === 1) return [before, after];
  const [rows, columns] = [round(before.rows * factor), round(before.columns * factor)];
  return [resize(before, rows, columns), resize(after, rows, columns)];
}

function difference(before: GreyImage, after: GreyImage): GreyImage {
  return { ...before, data: before.data.map((value, pixel) => Math.abs(value - after.data[pixel]!)) };
}
