import { sobelDifference, type GreyImage, type SliceScores } from '../metrics/index.js';
import { badge, COLOURS, drawSvg, greyUrl, picture, tag, text } from './drawing.js';
import { FULL_HEAT, heatUrl } from './heat.js';

export interface MontageContent {
  /** First line, e.g. "Participant 1000001 · V00 · right knee". */
  readonly title: string;
  /** Second line, e.g. the bundle's name and version. */
  readonly subtitle: string;
  /** The crop of the film that was given to the model, in [0, 1], as the patient's side really looks (not mirrored). */
  readonly radiograph: GreyImage;
  /** All slices of the generated volume in [0, 1], posterior to anterior, in the same orientation as the radiograph. */
  readonly generated: readonly GreyImage[];
  /** The real slices at the same depths, where there are any. */
  readonly real?: readonly GreyImage[] | undefined;
  /** Written on the slices of `real`; "REAL" when absent. The series of a synthetic release is not real and must not be called so. */
  readonly realLabel?: string | undefined;
  /** Scores by slice; a missing one leaves its caption out. */
  readonly scores?: readonly (SliceScores | null)[] | undefined;
  /** Lines of "name: value" beside the images: medians, seed, steps, device. */
  readonly facts?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** Slices shown side by side, and the depths of the outermost: further out there is little but muscle. */
const SHOWN = 6;
const DEPTHS = { first: 0.14, last: 0.86 } as const;

/** Lengths in pixels of the picture. */
const TILE = 256;
const GAP = 10;
const MARGIN = 32;
const HEADER = 92;
const COLUMN_HEAD = 30;
const SIDE = TILE + 28;
const SCORE_ROWS = 58;
const FOOTER = 44;
const FACT_LINE = 25;

/**
 * Draws what a generation made: the radiograph, six generated slices, and where a real volume exists the real slices and the
 * difference of their Sobel edges (paper, Table II), with the scores of each column. Without real slices twelve generated ones
 * are shown. Every generated image says that it is synthetic.
 *
 * @returns a PNG file
 */
export function renderMontage(content: MontageContent): Promise<Buffer> {
  const rows = montageRows(content);
  const scored = content.real !== undefined && content.scores !== undefined;
  const width = 2 * MARGIN + SIDE + SHOWN * TILE + (SHOWN - 1) * GAP;
  const imageTop = HEADER + COLUMN_HEAD;
  const headed = rows.filter((row) => row.heads).length;
  const imageHeight = rows.length * (TILE + GAP) + (headed - 1) * (COLUMN_HEAD - GAP);
  const scoreTop = imageTop + imageHeight;
  const height = scoreTop + (scored ? SCORE_ROWS : 0) + FOOTER;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="DejaVu Sans">`,
    `<rect width="${width}" height="${height}" fill="${COLOURS.page}"/>`,
    text(MARGIN, 44, content.title, { size: 24, bold: true }),
    text(MARGIN, 70, content.subtitle, { size: 14, colour: COLOURS.quiet }),
    badge(width - MARGIN, 28, 'SYNTHETIC MRI', COLOURS.synthetic),
    ...sidePanel(content, imageTop, imageHeight),
    ...drawRows(rows, imageTop),
    ...(scored ? drawScores(rows[0]!.indices, content.scores ?? [], scoreTop) : []),
    text(MARGIN, height - 18, footnote(content), { size: 12, colour: COLOURS.quiet }),
    '</svg>',
  ];
  return drawSvg(svg.join('\n'));
}

interface MontageRow {
  /** Written on every image of the row. */
  readonly label: string;
  readonly colour: string;
  /** Slice shown in each column. */
  readonly indices: readonly number[];
  /** PNG files as data URLs, one per column. */
  readonly images: readonly string[];
  /** True when the row's columns have headings of their own above. */
  readonly heads: boolean;
  readonly count: number;
}

function montageRows({ generated, real, realLabel = 'REAL' }: MontageContent): MontageRow[] {
  const count = generated.length;
  const synthetic = (indices: readonly number[], heads: boolean): MontageRow => ({
    label: 'SYNTHETIC',
    colour: COLOURS.synthetic,
    indices,
    images: indices.map((index) => greyUrl(generated[index]!)),
    heads,
    count,
  });
  if (!real) {
    const indices = shownSlices(count, 2 * SHOWN);
    return [synthetic(indices.slice(0, SHOWN), true), synthetic(indices.slice(SHOWN), true)].filter(
      (row) => row.indices.length > 0,
    );
  }
  const indices = shownSlices(count, SHOWN);
  const shared = { indices, heads: false, count };
  return [
    {
      ...shared,
      label: realLabel,
      colour: COLOURS.real,
      images: indices.map((index) => greyUrl(real[index]!)),
      heads: true,
    },
    synthetic(indices, false),
    {
      ...shared,
      label: 'EDGE DIFFERENCE',
      colour: COLOURS.quiet,
      images: indices.map((index) => heatUrl(sobelDifference(real[index]!, generated[index]!))),
    },
  ];
}

/** Up to `wanted` different slices at equal steps of depth. */
function shownSlices(count: number, wanted: number): number[] {
  const shown = Math.min(wanted, count);
  const share = (index: number): number =>
    shown === 1 ? 0.5 : DEPTHS.first + ((DEPTHS.last - DEPTHS.first) * index) / (shown - 1);
  const indices = Array.from({ length: shown }, (_, index) => Math.round(share(index) * (count - 1)));
  return new Set(indices).size === shown ? indices : Array.from({ length: shown }, (_, index) => index);
}

function drawRows(rows: readonly MontageRow[], top: number): string[] {
  const parts: string[] = [];
  let y = top;
  rows.forEach((row, position) => {
    if (row.heads && position > 0) y += COLUMN_HEAD - GAP;
    row.images.forEach((url, column) => {
      const x = columnLeft(column);
      if (row.heads) {
        const index = row.indices[column]!;
        const depth = row.count > 1 ? index / (row.count - 1) : 0;
        parts.push(text(x, y - 9, `Slice ${index + 1} of ${row.count}`, { size: 13 }));
        parts.push(
          text(x + TILE, y - 9, `depth ${depth.toFixed(2)}`, { size: 12, colour: COLOURS.quiet, anchor: 'end' }),
        );
      }
      parts.push(picture(x, y, url, TILE, TILE));
      parts.push(tag(x, y + TILE, row.label, row.colour));
    });
    y += TILE + GAP;
  });
  return parts;
}

function drawScores(indices: readonly number[], scores: readonly (SliceScores | null)[], top: number): string[] {
  return indices.flatMap((index, column) => {
    const score = scores[index];
    if (!score) return [];
    const x = columnLeft(column);
    const figures: [string, string][] = [
      ['PSNR', Number.isFinite(score.psnr) ? `${score.psnr.toFixed(1)} dB` : 'identical'],
      ['SSIM', score.ssim.toFixed(3)],
      ['RSSIM', score.rssim.toFixed(3)],
    ];
    return figures.flatMap(([name, value], at) => [
      text(x + (at * TILE) / 3, top + 16, name, { size: 11, colour: COLOURS.quiet }),
      text(x + (at * TILE) / 3, top + 35, value, { size: 15, bold: true }),
    ]);
  });
}

function sidePanel({ radiograph, facts = [] }: MontageContent, top: number, height: number): string[] {
  const panelTop = top + TILE + GAP;
  const room = Math.max(0, Math.floor((height - TILE - 2 * GAP - 20) / FACT_LINE));
  const shown = facts.slice(0, room);
  const lines = shown.flatMap(([name, value], index) => {
    const y = panelTop + 28 + index * FACT_LINE;
    return [
      text(MARGIN + 14, y, name, { size: 12, colour: COLOURS.quiet }),
      text(MARGIN + TILE - 14, y, value, { size: 13, bold: true, anchor: 'end' }),
    ];
  });
  const panelHeight = 20 + shown.length * FACT_LINE;
  const panel = `<rect x="${MARGIN}" y="${panelTop}" width="${TILE}" height="${panelHeight}" rx="4" fill="${COLOURS.panel}"/>`;
  return [
    text(MARGIN, top - 9, 'Radiograph', { size: 13 }),
    picture(MARGIN, top, greyUrl(radiograph), TILE, TILE),
    tag(MARGIN, top + TILE, 'MODEL INPUT', COLOURS.film),
    ...(shown.length > 0 ? [panel, ...lines] : []),
  ];
}

function footnote({ real }: MontageContent): string {
  const view =
    "Radiological view: the patient's right is on the left of each image; slices run from posterior to anterior.";
  const difference = ` Edge difference: |Sobel(real) - Sobel(generated)|, brightest at ${FULL_HEAT}.`;
  return `${view}${real ? difference : ''} Research use only.`;
}

function columnLeft(column: number): number {
  return MARGIN + SIDE + column * (TILE + GAP);
}
