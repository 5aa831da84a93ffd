import { createRequire } from 'node:module';
import { renderAsync } from '@resvg/resvg-js';
import type { GreyImage } from '../metrics/index.js';
import { encodePng } from './png.js';

const { max, min, round } = Math;

/** Colours of every picture the platform draws. */
export const COLOURS = {
  page: '#10141a',
  panel: '#171d26',
  text: '#e8edf3',
  quiet: '#93a1b3',
  synthetic: '#ffb454',
  real: '#6cc7a8',
  film: '#7fb2f0',
} as const;

/** The one font of pictures: it comes with npm, so that they look the same everywhere. */
export const FONT = 'DejaVu Sans';

const require = createRequire(import.meta.url);
const FONT_FILES = [
  require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
];

interface Drawing {
  background?: string;
  /** Pixels per unit of the drawing. */
  scale?: number;
}

/**
 * Draws an SVG with fonts of our own.
 *
 * @returns a PNG file
 */
export async function drawSvg(svg: string, drawing: Drawing = {}): Promise<Buffer> {
  return (await rendered(svg, drawing)).asPng();
}

/** Draws an SVG as pixels: red, green, blue and opacity of each, 0 to 255. */
export async function drawPixels(
  svg: string,
  drawing: Drawing = {},
): Promise<{ rows: number; columns: number; data: Uint8Array }> {
  const { width, height, pixels } = await rendered(svg, drawing);
  return { rows: height, columns: width, data: pixels };
}

function rendered(svg: string, { background = COLOURS.page, scale = 1 }: Drawing) {
  return renderAsync(svg, {
    font: { loadSystemFonts: false, fontFiles: FONT_FILES, defaultFontFamily: FONT },
    background,
    fitTo: { mode: 'zoom', value: scale },
  });
}

export interface TextStyle {
  readonly size: number;
  readonly colour?: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'end' | 'middle';
}

export function text(
  x: number,
  y: number,
  content: string,
  { size, colour = COLOURS.text, bold = false, anchor = 'start' }: TextStyle,
): string {
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${weight}>${escapeXml(content)}</text>`;
}

/** A picture with its upper left corner at (x, y). */
export function picture(x: number, y: number, url: string, width: number, height: number): string {
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" xlink:href="${url}"/>`;
}

/** A small label in the lower left corner of a picture; `bottom` is where the picture ends. */
export function tag(x: number, bottom: number, label: string, colour: string): string {
  const width = 12 + 7.4 * label.length;
  const box = `<rect x="${x + 6}" y="${bottom - 24}" width="${width}" height="18" rx="3" fill="#000" fill-opacity="0.62"/>`;
  return box + text(x + 12, bottom - 11, label, { size: 10, colour, bold: true });
}

/** The page's own mark, in its upper right corner. */
export function badge(right: number, top: number, label: string, colour: string): string {
  const frame = `<rect x="${right - 226}" y="${top}" width="226" height="34" rx="5" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
  return frame + text(right - 113, top + 22, label, { size: 15, bold: true, colour, anchor: 'middle' });
}

/** A grey image in [0, 1] as the URL of an 8-bit PNG. */
export function greyUrl(image: GreyImage): string {
  return dataUrl(greyPng(image));
}

/** A grey image in [0, 1] as an 8-bit PNG file. @param words tEXt entries */
export function greyPng({ rows, columns, data }: GreyImage, words: Readonly<Record<string, string>> = {}): Buffer {
  const bytes = new Uint8Array(data.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = round(255 * min(max(data[index]!, 0), 1));
  return encodePng({ rows, columns, data: bytes }, words);
}

/** A PNG as a URL. Bytes that came from another thread are no Buffer, and would write themselves as numbers. */
export function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** Text that is safe inside XML; characters that XML forbids are dropped. */
export function escapeXml(content: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return content.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '').replace(/[&<>"]/g, (character) => entities[character]!);
}
