import { UserError } from '../../domain/errors.js';
import type { FilmPoint, JointSpaceWidth, KneeReading } from '../../domain/film-readings.js';
import type { SquareBox } from '../../domain/knee-box.js';
import { type Side, sideLetter } from '../../domain/participants.js';
import type { FilmView } from '../../domain/uploads.js';
import type { Grading, KneeDetector, KneeGrader } from '../../inference/index.js';
import { type CompartmentReading, readFilmJointSpace } from '../../metrics/index.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';
import { gradingInput, kneeCrop } from './grading-input.js';
import { filmView, kneeBox } from './input.js';

/** Body parts that a header may name and that are no knee. */
const OTHER_PARTS =
  /ABDOMEN|ANKLE|BREAST|CHEST|CLAVICLE|ELBOW|FINGER|FOOT|HAND|HEAD|HEART|HIP|HUMERUS|JAW|LUNG|NECK|PELVIS|RIB|SHOULDER|SKULL|SPINE|STERNUM|TEETH|THORAX|THUMB|TOE|WRIST/;

export interface KneesToRead {
  /** Knees to read; on a film of one knee, the one that it shows. */
  sides: readonly Side[];
  /** The square of the only knee to read; found on the film when absent. */
  box?: SquareBox | undefined;
  /** Overrides what `filmView` makes of the film. */
  view?: FilmView | undefined;
  /** Finds knees on whole films; without one the outlines of a drawn knee are matched. */
  detector?: KneeDetector | undefined;
  grader: KneeGrader;
}

/**
 * Reads knees off a film. A knee that is not found, or looks like none, has a reading that says why; the others are read.
 *
 * @throws UserError FILE_REFUSED for what is no radiograph of a knee, or shows no knee at all
 */
export async function readKnees(
  film: Film,
  { sides, box, view, detector, grader }: KneesToRead,
): Promise<KneeReading[]> {
  refuseOtherImages(film);
  const shown = view ?? (box ? undefined : await filmView(film, detector));
  const knees: { side: Side; box: SquareBox | null; problem: string | null }[] = [];
  for (const side of sides) {
    try {
      knees.push({ side, box: await kneeBox(film, { side, box, view: shown, detector }), problem: null });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (sides.length === 1) throw error;
      knees.push({ side, box: null, problem: error.message });
    }
  }
  const found = knees.flatMap(({ side, box: square }) => (square ? [{ side, square }] : []));
  if (found.length === 0) throw new UserError('FILE_REFUSED', knees[0]!.problem!);
  const gradings = await grader.grade(found.map(({ side, square }) => gradingInput(film, square, side, grader.size)));
  const graded = gradings.values();
  return knees.map(({ side, box: square, problem }) =>
    square
      ? readingOf(film, { side, box: square }, graded.next().value!, grader)
      : unread({ side, box: null }, problem!),
  );
}

function readingOf(
  film: Film,
  knee: { side: Side; box: SquareBox },
  { chances, distance }: Grading,
  grader: KneeGrader,
): KneeReading {
  if (distance > grader.farthest) {
    const limit = `distance ${distance.toFixed(2)}, read are films up to ${grader.farthest}`;
    return { ...unread(knee, `${film.name} does not look like a knee film that can be read (${limit}).`), distance };
  }
  return {
    ...unread(knee, null),
    probabilities: chances,
    expectedKl: chances.reduce((sum, chance, grade) => sum + grade * chance, 0),
    distance,
    ...jointSpace(film, knee),
  };
}

function jointSpace(
  film: Film,
  { side, box }: { side: Side; box: SquareBox },
): Pick<KneeReading, 'medial' | 'lateral'> {
  const crop = kneeCrop(film, box);
  const { medial, lateral } = readFilmJointSpace(crop, sideLetter(side));
  const pitch = box.side / crop.columns;
  const spacing = film.pixelSpacing?.[1];
  const width = ({ space }: CompartmentReading): JointSpaceWidth | null => {
    if (!space) return null;
    const edge = (rows: Float64Array) =>
      Array.from(rows, (row, index): FilmPoint => [
        tenth(box.left + (space.columns[index]! + 0.5) * pitch - 0.5),
        tenth(box.top + (row + 0.5) * pitch - 0.5),
      ]);
    return {
      mm: spacing === undefined ? null : space.minimum * pitch * spacing,
      percent: (100 * space.minimum) / crop.columns,
      femur: edge(space.femur),
      tibia: edge(space.tibia),
    };
  };
  return { medial: width(medial), lateral: width(lateral) };
}

function tenth(value: number): number {
  return Math.round(10 * value) / 10;
}

function unread(knee: { side: Side; box: SquareBox | null }, unreadable: string | null): KneeReading {
  return { ...knee, unreadable, probabilities: null, expectedKl: null, distance: null, medial: null, lateral: null };
}

/** @throws UserError FILE_REFUSED for a file whose header says that it is no radiograph of a knee */
function refuseOtherImages({ attributes, name }: Film): void {
  const { modality, bodyPart } = attributes ?? {};
  if (modality === 'MR' || modality === 'CT') {
    const series = modality === 'MR' ? 'an MRI' : 'a CT';
    refuseFile(name, `is a slice of ${series} series; a radiograph of a knee is needed`);
  }
  const other = OTHER_PARTS.exec(bodyPart?.toUpperCase() ?? '')?.[0];
  if (other) refuseFile(name, `shows a body part that its header calls ${other}; a radiograph of a knee is needed`);
}
