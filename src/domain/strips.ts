import { UserError } from './errors.js';

/** A part of an image that is to be made black: whole pixels from the edge, or a rectangle from the upper left corner. */
export type Strip =
  | { readonly edge: Edge; readonly pixels: number }
  | { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

type Edge = 'top' | 'bottom' | 'left' | 'right';

/** How a strip is written, for help texts. */
export const STRIP_FORMS = 'top:120 (or bottom, left, right), or left,top,width,height in pixels';

/**
 * Reads a strip such as "top:120" or "0,0,300,80".
 *
 * @throws UserError BAD_USER_INPUT for anything else
 */
export function parseStrip(text: string): Strip {
  const edge = /^(top|bottom|left|right):([1-9]\d{0,4})$/.exec(text);
  if (edge) return { edge: edge[1] as Edge, pixels: Number(edge[2]) };
  const box = /^(\d{1,5}),(\d{1,5}),([1-9]\d{0,4}),([1-9]\d{0,4})$/.exec(text);
  if (box) {
    const [left, top, width, height] = box.slice(1).map(Number) as [number, number, number, number];
    return { left, top, width, height };
  }
  throw new UserError(
    'BAD_USER_INPUT',
    `A strip to redact is written as ${STRIP_FORMS}; ${JSON.stringify(text)} is not.`,
  );
}
