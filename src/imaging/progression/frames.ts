import { UserError } from '../../domain/errors.js';
import { type AffectedCompartment, FRAME_COUNT } from '../../domain/progressions.js';
import type { BundleManifest, InferenceHost, KneeGrader, RunHooks } from '../../inference/index.js';
import { sharesOf, wayPoints } from './amplitude.js';
import { closing, closingField, fieldFacts, moved, WORKING } from './field.js';
import { type KneeMeasures, measureKnee, type TracedKnee, workingPixels } from './knee.js';
import { jointPicture, withAddition } from './pictures.js';

/** What is wished of a progression. */
export interface ProgressionWish {
  /** KL grade of the last frame. */
  readonly wished: number;
  readonly affected: AffectedCompartment;
  readonly frames: number;
  /** The film's own KL grade where it is known; default: as it was read. */
  readonly own?: number | undefined;
}

/** One frame: the knee's square at a grade, in the film's own greys. */
export interface ProgressionFrame {
  readonly index: number;
  /** Share of the way, 0 to 1; 0 is the film itself. */
  readonly position: number;
  /** The KL grade that it is to show. */
  readonly kl: number;
  readonly pixels: Float32Array;
  /** As they are measured on the frame; the narrower compartment, % of the square's width. */
  readonly jsw: number | null;
  readonly space: KneeMeasures;
  /** As the grader reads the frame. */
  readonly expectedKl: number;
  /** Least determinant of the field's Jacobian, and how far it moves a pixel at most, film pixels. */
  readonly leastDeterminant: number;
  readonly farthestPx: number;
}

/** @throws UserError BAD_USER_INPUT for grades and numbers of frames that there are not, and for the grade that the film has already */
export function checkWish({ wished, frames, own }: ProgressionWish): void {
  if (![0, 1, 2, 3, 4].includes(wished)) refuse(`The wished KL grade is ${wished}; it is a whole number from 0 to 4.`);
  if (own !== undefined && ![0, 1, 2, 3, 4].includes(own)) {
    refuse(`The film's own KL grade is ${own}; it is a whole number from 0 to 4.`);
  }
  const { least, most } = FRAME_COUNT;
  if (!(Number.isInteger(frames) && frames >= least && frames <= most)) {
    refuse(`frames is ${frames}; ${least} to ${most} are made.`);
  }
  if (own === wished) refuse(`The film has KL ${own} already; ask for another grade.`);
}

export interface ProgressOptions extends Pick<RunHooks<unknown, never>, 'signal' | 'onRun'> {
  readonly bundleDir: string;
  readonly settings: BundleManifest<'xray-progression'>['progression'];
  readonly grader: KneeGrader;
}

/**
 * Frames from the film to the wished grade, one after the other; the first is the film itself.
 *
 * @throws UserError BAD_USER_INPUT as {@link checkWish}; as the host's `run`
 */
export async function* progressionFrames(
  host: Pick<InferenceHost, 'run'>,
  knee: TracedKnee,
  wish: ProgressionWish,
  { bundleDir, settings, grader, ...hooks }: ProgressOptions,
): AsyncGenerator<ProgressionFrame, void, void> {
  const own = wish.own ?? knee.kl;
  checkWish({ ...wish, own });
  const { affected, wished, frames } = wish;
  const { side } = knee.box;
  const { medial, lateral } = sharesOf(settings.widths, { affected, own, wished });
  const [left, right] = knee.side === 'RIGHT' ? [lateral, medial] : [medial, lateral];
  const shares = closing(left, right);
  const isMedial = affected !== 'LATERAL';
  const isLateral = affected !== 'MEDIAL';
  const window = { low: knee.low, high: knee.high };
  for (const [index, { kl, time }] of wayPoints(settings.widths, { affected, own, wished }, frames).entries()) {
    const field = closingField(knee.joint, shares, time, WORKING);
    const pixels = moved(knee.pixels, side, field);
    if (index > 0 && settings.amplitude > 0) {
      const closed = shares.map((share) => share ** time);
      const seen = jointPicture(workingPixels({ columns: side, data: pixels }), knee.joint, closed, {
        ...settings,
        ...window,
      });
      const addition = await host.run(
        'xray-progression',
        {
          ...{ bundleDir, ...seen, own, grade: kl },
          // The network was shown right knees and their mirror images: it knows the image's sides, not the patient's.
          affected: knee.side === 'RIGHT' ? [isMedial, isLateral] : [isLateral, isMedial],
        },
        hooks,
      );
      withAddition(pixels, side, addition, { ...settings, ...window });
    }
    const { expectedKl, ...space } = await measureKnee(knee, pixels, grader);
    const facts = fieldFacts(field);
    yield {
      ...{ index, position: index / (frames - 1), kl, pixels, space, expectedKl },
      jsw: narrower(space),
      leastDeterminant: facts.leastDeterminant,
      farthestPx: (facts.farthest * side) / WORKING,
    };
  }
}

/** The narrower of both compartments; null where neither is known. */
function narrower({ medial, lateral }: KneeMeasures): number | null {
  const known = [medial, lateral].filter((width) => width !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function refuse(message: string): never {
  throw new UserError('BAD_USER_INPUT', message);
}
