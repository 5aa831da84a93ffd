import { type FilmPoint, likeliestKl, type KneeReading, READING_NOTICE } from '../domain/film-readings.js';
import { COLOURS, drawSvg, escapeXml, FONT, greyUrl, picture, text } from './drawing.js';
import { kneeCrop } from './radiograph/grading-input.js';
import type { Film } from './radiograph/film.js';

const TILE = 448;
const MARGIN = 24;
const HEAD = 64;
const FOOT = 84;
const EDGES = { femur: '#ffb454', tibia: '#6cc7a8' } as const;

/**
 * Draws what was read: the crop of each knee with the traced edges of both compartments, its grade and widths.
 *
 * @param readings of one film; those without a box are left out
 * @param reader what read it, e.g. "knee-kl-grader 1.0.0"
 * @returns a PNG file
 */
export async function renderReadings(film: Film, readings: readonly KneeReading[], reader: string): Promise<Buffer> {
  const shown = readings.filter(({ box }) => box !== null);
  const width = MARGIN + shown.length * (TILE + MARGIN);
  const height = HEAD + TILE + FOOT;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="${FONT}">`,
    ...shown.flatMap((reading, index) => drawKnee(film, reading, MARGIN + index * (TILE + MARGIN))),
    text(MARGIN, height - 30, `Read by ${reader}; edges: femur orange, tibia green.`, {
      size: 10,
      colour: COLOURS.quiet,
    }),
    text(MARGIN, height - 14, READING_NOTICE, { size: 10, colour: COLOURS.quiet }),
    '</svg>',
  ];
  return drawSvg(parts.join('\n'));
}

/** A grade in words, e.g. "KL 2 (62 %), expected 1.8". */
export function gradeText({ probabilities, expectedKl }: KneeReading): string {
  if (probabilities === null) return 'cannot be read';
  const kl = likeliestKl(probabilities);
  return `KL ${kl} (${Math.round(100 * probabilities[kl]!)} %), expected ${expectedKl!.toFixed(1)}`;
}

/** Widths in words, e.g. "medial 3.1 mm, lateral 5.0 mm"; % of the crop's width where the film has no pixel size. */
export function widthText({ medial, lateral }: KneeReading): string {
  return Object.entries({ medial, lateral })
    .map(([name, width]) => {
      if (width === null) return `${name} not traced`;
      return `${name} ${width.mm === null ? `${width.percent.toFixed(1)} % of the width` : `${width.mm.toFixed(1)} mm`}`;
    })
    .join(', ');
}

function drawKnee(film: Film, reading: KneeReading, left: number): string[] {
  const { side, medial, lateral } = reading;
  const box = reading.box!;
  const scale = TILE / box.side;
  const line = (points: readonly FilmPoint[], colour: string) => {
    const places = points.map(([column, row]) => {
      const x = left + (column + 0.5 - box.left) * scale;
      const y = HEAD + (row + 0.5 - box.top) * scale;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${escapeXml(colour)}" stroke-width="1.5"/>`;
  };
  const widths = [medial, lateral].filter((width) => width !== null);
  return [
    text(left, 28, `${side === 'RIGHT' ? 'Right' : 'Left'} knee`, { size: 16, bold: true }),
    text(left, 50, gradeText(reading), { size: 13 }),
    picture(left, HEAD, greyUrl(kneeCrop(film, box)), TILE, TILE),
    ...widths.flatMap(({ femur, tibia }) => [line(femur, EDGES.femur), line(tibia, EDGES.tibia)]),
    ...(reading.probabilities
      ? [text(left, HEAD + TILE + 22, `Joint space: ${widthText(reading)}`, { size: 12 })]
      : []),
  ];
}
