/** A line that was drawn over a film, film pixels: with a brush that hides, or one that uncovers again. */
export interface Stroke {
  points: readonly (readonly [x: number, y: number])[];
  /** Diameter of the brush. */
  width: number;
  erases: boolean;
}

/** The size of a film, pixels. */
export interface FilmSize {
  columns: number;
  rows: number;
}

/** The line as the attribute `d` of an SVG path and as a canvas's path; a single point is a dot. */
export function pathOf({ points }: Stroke): string {
  const [first, ...rest] = points;
  return `M${first!.join(' ')}L${(rest.length > 0 ? rest : [first!]).map((point) => point.join(' ')).join('L')}`;
}

/**
 * What was drawn, as a PNG of the film's size: white where the film is to be filled in, else black.
 *
 * @throws Error where nothing is hidden
 */
export async function maskFile(strokes: readonly Stroke[], { columns, rows }: FilmSize): Promise<File> {
  const canvas = Object.assign(document.createElement('canvas'), { width: columns, height: rows });
  const context = canvas.getContext('2d')!;
  context.fillRect(0, 0, columns, rows);
  context.lineCap = context.lineJoin = 'round';
  for (const stroke of strokes) {
    context.lineWidth = stroke.width;
    context.strokeStyle = stroke.erases ? '#000' : '#fff';
    context.stroke(new Path2D(pathOf(stroke)));
  }
  // The brush's edge is smoothed, a mask is not: what is half covered is hidden, and what is erased by the same brush is not.
  const picture = context.getImageData(0, 0, columns, rows);
  const pixels = new Uint32Array(picture.data.buffer);
  let hidden = 0;
  for (let at = 0; at < pixels.length; at++) {
    const covered = (pixels[at]! & 0xff) >= 128;
    pixels[at] = covered ? 0xffffffff : 0xff000000;
    if (covered) hidden += 1;
  }
  if (hidden === 0) throw new Error('Draw over what is to be filled in, or choose a mask.');
  context.putImageData(picture, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('Could not draw the mask: the film is too large for this browser.');
  return new File([blob], 'mask.png', { type: 'image/png' });
}
