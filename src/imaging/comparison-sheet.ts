import { sobelDifference, type GreyImage } from '../metrics/index.js';
import { drawSvg, FONT, greyUrl, text, type TextStyle } from './drawing.js';
import { FULL_HEAT, heatUrl } from './heat.js';

/** One knee on a sheet: its film, the slice that the others are held to, and the same slice by each model. */
export interface SheetRow {
  /** E.g. "KL 2 · 1000003 V00 right". */
  readonly title: string;
  readonly radiograph: GreyImage;
  readonly reference: GreyImage;
  /** In the order of the sheet's columns; null where there is no such volume. */
  readonly images: readonly ({ readonly image: GreyImage; readonly caption: string } | null)[];
}

export interface ComparisonSheet {
  readonly title: string;
  /** Under the pictures: what data, which settings, what it is not. */
  readonly note: readonly string[];
  /** What the reference slices are, e.g. "PHANTOM" or "REAL". */
  readonly referenceLabel: string;
  /** Heading of each column of generated slices. */
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /**
   * What the coloured pictures below show: where edges differ from those of the reference (the paper's Table II), or where
   * intensities differ from those of the first column (its Table III).
   */
  readonly differences: 'EDGES_TO_REFERENCE' | 'INTENSITY_TO_FIRST';
}

const TILE = 200;
const GAP = 8;
const MARGIN = 24;
const HEADER = 58;
const COLUMN_HEAD = 40;
const ROW_HEAD = 24;
const NOTE_LINE = 16;
const QUIET = '#5b6573';
const SYNTHETIC = '#b4690e';

/** Intensity difference shown as the brightest colour. */
const FULL_INTENSITY = 0.25;

/** Characters of a heading that fit over a picture. */
const HEADING = 31;

/**
 * Draws the same slice of several knees by several models side by side, with maps of where they differ below each.
 *
 * @returns a PNG file
 */
export async function renderComparisonSheet(sheet: ComparisonSheet): Promise<Buffer> {
  const { title, note, referenceLabel, columns, rows } = sheet;
  const count = columns.length + 2;
  const width = 2 * MARGIN + count * TILE + (count - 1) * GAP;
  const rowHeight = ROW_HEAD + 2 * TILE + GAP + GAP;
  const height = HEADER + COLUMN_HEAD + rows.length * rowHeight + 20 + note.length * NOTE_LINE;
  const heads = ['Radiograph', `Slice of the series (${referenceLabel})`, ...columns];
  const headTop = HEADER + COLUMN_HEAD - 8;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="${FONT}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ink(MARGIN, 36, title, { size: 18, bold: true }),
    ...heads.flatMap((head, column) =>
      wrapped(head).map((line, index, lines) =>
        ink(left(column), headTop - (lines.length - 1 - index) * 14, line, { size: 11, bold: true }),
      ),
    ),
    ...rows.flatMap((row, index) => drawRow(row, sheet, HEADER + COLUMN_HEAD + index * rowHeight)),
    ...note.map((line, index) =>
      ink(MARGIN, height - 14 - (note.length - 1 - index) * NOTE_LINE, line, { size: 10.5, colour: QUIET }),
    ),
    '</svg>',
  ];
  return drawSvg(parts.join('\n'), { background: 'white' });
}

function drawRow(row: SheetRow, { differences, referenceLabel }: ComparisonSheet, top: number): string[] {
  const images = top + ROW_HEAD;
  const maps = images + TILE + GAP;
  const first = row.images[0]?.image;
  const legend =
    differences === 'EDGES_TO_REFERENCE'
      ? ['|Sobel(series) - Sobel(generated)|', `brightest at ${FULL_HEAT}`]
      : ['|generated - first column|', `brightest at ${FULL_INTENSITY} of the range`];
  return [
    ink(MARGIN, top + 16, row.title, { size: 12, bold: true }),
    picture(0, images, greyUrl(row.radiograph)),
    picture(1, images, greyUrl(row.reference)),
    tag(1, images, referenceLabel, '#2f7d5f'),
    ...legend.map((line, index) => ink(left(1), maps + 16 + index * 15, line, { size: 10.5, colour: QUIET })),
    ...row.images.flatMap((entry, index) => {
      const column = index + 2;
      if (!entry) return [ink(left(column), images + TILE / 2, 'no volume', { size: 12, colour: QUIET })];
      const { image, caption } = entry;
      const shown = [picture(column, images, greyUrl(image)), tag(column, images, 'SYNTHETIC', SYNTHETIC)];
      const isFirst = differences === 'INTENSITY_TO_FIRST' && index === 0;
      const map = isFirst ? [] : [picture(column, maps, mapOf(row.reference, image, first, differences))];
      return [...shown, ...map, tag(column, images, caption, '#374151', 'top')];
    }),
  ];
}

function mapOf(
  reference: GreyImage,
  image: GreyImage,
  first: GreyImage | undefined,
  differences: ComparisonSheet['differences'],
): string {
  if (differences === 'EDGES_TO_REFERENCE' || !first) return heatUrl(sobelDifference(reference, image));
  const data = Float64Array.from(image.data, (value, index) => Math.abs(value - first.data[index]!));
  return heatUrl({ ...image, data }, FULL_INTENSITY);
}

function left(column: number): number {
  return MARGIN + column * (TILE + GAP);
}

function picture(column: number, y: number, url: string): string {
  return `<image x="${left(column)}" y="${y}" width="${TILE}" height="${TILE}" xlink:href="${url}"/>`;
}

/** A small label in a corner of a picture. */
function tag(column: number, top: number, label: string, colour: string, place: 'top' | 'bottom' = 'bottom'): string {
  const y = place === 'top' ? top + 4 : top + TILE - 20;
  const box = `<rect x="${left(column) + 4}" y="${y}" width="${10 + 7.6 * label.length}" height="16" rx="3" fill="white" fill-opacity="0.82"/>`;
  return box + ink(left(column) + 9, y + 12, label, { size: 9.5, bold: true, colour });
}

/** A heading in at most three lines, broken where there is a comma, a blank or nothing better. */
function wrapped(heading: string): string[] {
  const lines: string[] = [];
  let rest = heading;
  while (rest.length > HEADING && lines.length < 2) {
    const space = Math.max(rest.lastIndexOf(' ', HEADING), rest.lastIndexOf('@', HEADING));
    const cut = space > 8 ? space : HEADING;
    lines.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return [...lines, rest.length > HEADING ? `${rest.slice(0, HEADING - 1)}…` : rest];
}

/** Text on white. */
function ink(x: number, y: number, content: string, style: TextStyle): string {
  return text(x, y, content, { colour: '#111827', ...style });
}
