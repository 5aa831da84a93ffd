import type { GreyImage } from '../../metrics/index.js';
import { badge, COLOURS, drawPixels, drawSvg, FONT, greyPng, greyUrl, picture, tag, text } from '../drawing.js';
import { heatPng } from '../heat.js';
import { resize } from '../radiograph/resample.js';
import type { ProgressionFrame } from './frames.js';
import type { TracedKnee } from './knee.js';

const { abs, max, min } = Math;

/** Longest sides of a picture to look at, and of a moving one, pixels. */
const PREVIEW_SIDE = 1024;
const MOVING_SIDE = 640;

/** Share of the window shown as the brightest colour of a difference. */
const FULL = 0.3;

/** A frame to look at, and where it differs from the film itself: PNG files of one size. */
export interface FramePreview {
  side: number;
  frame: Buffer;
  difference: Buffer;
}

/** @param label what the file of the frame says of itself */
export function previewFrame(knee: TracedKnee, pixels: Float32Array, label: string): FramePreview {
  const shown = inWindow(knee, pixels, PREVIEW_SIDE);
  const film = inWindow(knee, knee.pixels, PREVIEW_SIDE);
  const difference = { ...shown, data: shown.data.map((value, at) => abs(value - film.data[at]!)) };
  return {
    side: shown.rows,
    frame: greyPng(shown, { Comment: label }),
    difference: heatPng(difference, FULL),
  };
}

/** A frame of a moving picture, its grade and SYNTHETIC written on it: RGBA, an even number of pixels a side, as videos must have. */
export async function movingFrame(
  knee: TracedKnee,
  { pixels, kl, position }: Pick<ProgressionFrame, 'pixels' | 'kl' | 'position'>,
): Promise<{ side: number; rgba: Uint8Array }> {
  const { rows: shown, data } = inWindow(knee, pixels, MOVING_SIDE);
  // A large number of small pixels is easier to read words on.
  const side = 2 * Math.round(max(shown, 320) / 2);
  const words = position === 0 ? `film, KL ${kl.toFixed(1)}` : `SYNTHETIC, KL ${kl.toFixed(1)}`;
  const colour = position === 0 ? COLOURS.film : COLOURS.synthetic;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${side}" height="${side}" font-family="${FONT}">`,
    picture(0, 0, greyUrl({ rows: shown, columns: shown, data }), side, side),
    tag(0, side, words, colour),
    '</svg>',
  ].join('\n');
  const drawn = await drawPixels(svg);
  return { side, rgba: drawn.data };
}

/** What a curve shows of a frame. */
export type CurvePoint = Pick<ProgressionFrame, 'index' | 'position' | 'kl' | 'jsw' | 'space' | 'expectedKl'>;

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 70, right: 70, top: 92, bottom: 88 };

/**
 * Draws narrowest joint space and expected KL grade along the frames.
 *
 * @param title first line, e.g. the film's name; `subtitle` says by which bundle it was made
 * @returns a PNG file
 */
export function renderCurve(
  points: readonly CurvePoint[],
  { title, subtitle }: { title: string; subtitle: string },
): Promise<Buffer> {
  const most = max(1, ...points.map(({ jsw }) => jsw ?? 0)) * 1.15;
  const x = (position: number) => PLOT.left + position * (WIDTH - PLOT.left - PLOT.right);
  const y = (share: number) => HEIGHT - PLOT.bottom - share * (HEIGHT - PLOT.top - PLOT.bottom);
  const line = (colour: string, values: readonly (readonly [number, number])[]) => [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${values.map(([at, share]) => `${x(at).toFixed(1)},${y(share).toFixed(1)}`).join(' ')}"/>`,
    ...values.map(
      ([at, share]) => `<circle cx="${x(at).toFixed(1)}" cy="${y(share).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    ),
  ];
  const widths = points.flatMap(({ position, jsw }) => (jsw === null ? [] : [[position, jsw / most] as const]));
  const grades = points.map(({ position, expectedKl }) => [position, expectedKl / 4] as const);
  const axis = [0, 1, 2, 3, 4].flatMap((grade) => [
    text(WIDTH - PLOT.right + 14, y(grade / 4) + 4, String(grade), { size: 11, colour: COLOURS.synthetic }),
    text(PLOT.left - 12, y(grade / 4) + 4, ((most * grade) / 4).toFixed(1), {
      size: 11,
      colour: COLOURS.film,
      anchor: 'end',
    }),
    `<line x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${y(grade / 4)}" y2="${y(grade / 4)}" stroke="${COLOURS.quiet}" stroke-opacity="0.25"/>`,
  ]);
  const wished = points.map(({ position, kl }) =>
    text(x(position), HEIGHT - PLOT.bottom + 20, kl.toFixed(1), { size: 11, colour: COLOURS.quiet, anchor: 'middle' }),
  );
  return drawSvg(
    [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="${FONT}">`,
      `<rect width="${WIDTH}" height="${HEIGHT}" fill="${COLOURS.page}"/>`,
      text(24, 36, title, { size: 18, bold: true }),
      text(24, 58, subtitle, { size: 12, colour: COLOURS.quiet }),
      badge(WIDTH - 24, 18, 'SYNTHETIC FILM', COLOURS.synthetic),
      text(PLOT.left, PLOT.top - 12, "narrowest joint space, % of the knee's width", {
        size: 11,
        colour: COLOURS.film,
      }),
      text(WIDTH - PLOT.right, PLOT.top - 12, 'KL grade as read', {
        size: 11,
        colour: COLOURS.synthetic,
        anchor: 'end',
      }),
      ...axis,
      ...wished,
      ...line(COLOURS.film, widths),
      ...line(COLOURS.synthetic, grades),
      text(WIDTH / 2, HEIGHT - PLOT.bottom + 40, 'KL grade that each frame is to show', {
        size: 11,
        colour: COLOURS.quiet,
        anchor: 'middle',
      }),
      text(24, HEIGHT - 16, 'Research use only, not for clinical use.', { size: 11, colour: COLOURS.quiet }),
      '</svg>',
    ].join('\n'),
  );
}

/** A frame's greys as 0 to 1 of the window, no side longer than `side`. */
function inWindow({ low, high, box }: TracedKnee, pixels: Float32Array, side: number): GreyImage {
  const square = { rows: box.side, columns: box.side, data: pixels };
  const { rows, columns, data } = box.side > side ? resize(square, side, side) : square;
  const range = max(high - low, 1e-6);
  return { rows, columns, data: Float64Array.from(data, (value) => min(max((value - low) / range, 0), 1)) };
}
