import type { FilmFigures } from '../domain/evaluations.js';
import type { SquareBox } from '../domain/knee-box.js';
import { type Side, sideLetter } from '../domain/participants.js';
import { filmConsistency, type GreyImage, volumeJointLines } from '../metrics/index.js';
import { MODEL_SIZE, MODEL_SPACING_MM } from './normalise.js';
import { type Film, kneeCrop } from './radiograph/index.js';

/** Width of the knee that a crop is taken to show where its film says no pixel spacing, mm. */
const CROP_MM = 95;

/**
 * Whether a volume shows the joint of the film that it was made from.
 *
 * @param box square of the film that was cut
 * @param volume slices on the model's grid, posterior to anterior, as the knee lies
 * @throws UserError FILE_REFUSED for a crop without contrast
 */
export function filmFigures(film: Film, box: SquareBox, side: Side, volume: readonly GreyImage[]): FilmFigures {
  const crop = kneeCrop(film, box);
  const spacing = film.pixelSpacing?.[1];
  const width = spacing === undefined ? CROP_MM : box.side * spacing;
  const letter = sideLetter(side);
  const lines = volumeJointLines(volume, letter, MODEL_SPACING_MM);
  const pitch = { film: width / crop.columns, volume: MODEL_SPACING_MM };
  const found = filmConsistency(crop, lines, letter, { pitch, volume: { rows: MODEL_SIZE } });
  return { ...found, assumedWidth: spacing === undefined };
}
