import { UserError } from '../../domain/errors.js';
import {
  EVALUATION_REFERENCES,
  type EvaluationReference,
  type FilmFigures,
  type JointSpaces,
  type ReferenceFigures,
  type VolumeFigures,
} from '../../domain/evaluations.js';
import type { SquareBox } from '../../domain/knee-box.js';
import { type Side, sideLetter } from '../../domain/participants.js';
import { filmFigures } from '../../imaging/film-consistency.js';
import { MODEL_SPACING_MM } from '../../imaging/normalise.js';
import { loadRadiograph } from '../../imaging/radiograph/index.js';
import {
  adjacentCorrelation,
  blackSlices,
  cropLikeness,
  type GreyImage,
  jointCrop,
  meanWithout,
  mirroredSlices,
  quartiles,
  retrievalTrial,
  slicesAway,
  volumeJointSpace,
  VolumeScorer,
  type VolumeSum,
  withVolume,
} from '../../metrics/index.js';
import { sliceOf, stackOf, type StoredSeries } from './stored-volumes.js';

/** Slices of a reference volume that are scored, evenly spaced: a median over ten tells as much as one over fifty, in a fifth of the time. */
const SCORED = 10;

/** What is measured on a real series by itself. */
export interface RealKnee {
  /** Mean correlation of neighbouring slices of the trained stack of 50. */
  seriesCorrelation: number | null;
  jointSpace: JointSpaces;
  /** Small image of its joint, as if of a right knee; see `jointCrop`. */
  crop: Float32Array;
  /** The sum with this knee in it. */
  sum: VolumeSum;
}

export interface SumRequest {
  series: StoredSeries;
  side: Side;
  /** Slices of the volumes that are added up. */
  sliceCount: number;
  sum: VolumeSum | null;
}

/**
 * Measures a real series, and adds it to others as if it were of a right knee.
 *
 * @returns null for a series that has no trained stack
 */
export async function realKnee(request: SumRequest): Promise<RealKnee | null> {
  const { series, side } = request;
  try {
    const stack = await stackOf(series, 50);
    return {
      seriesCorrelation: finite(adjacentCorrelation(stack)),
      jointSpace: volumeJointSpace(stack, sideLetter(side), MODEL_SPACING_MM),
      crop: jointCrop(asRight(stack, side), MODEL_SPACING_MM),
      sum: await sumWith(request),
    };
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** A series added to others as if it were of a right knee. @throws UserError FILE_REFUSED for one that has no trained stack */
export async function sumWith({ series, side, sliceCount, sum }: SumRequest): Promise<VolumeSum> {
  return withVolume(sum, asRight(await stackOf(series, sliceCount), side));
}

/** What a volume is held to. */
interface OwnKnee {
  series: StoredSeries;
  side: Side;
  /** Small images of the own real joint and of other people's; see `jointCrop`. */
  crop: Float32Array;
  rivals: readonly Float32Array[];
}

export interface VolumeRequest extends OwnKnee {
  /** Stored slices of the volume, posterior to anterior. */
  slices: Uint8Array[];
  film: { bytes: Uint8Array; name: string; pixelSpacing: number | null; box: SquareBox } | null;
}

/** What is measured on a generated volume beside the scores of its generation. */
export async function volumeFigures({ series, slices, film, ...own }: VolumeRequest): Promise<VolumeFigures> {
  const volume = slices.map(sliceOf);
  const scorer = new VolumeScorer(await stackOf(series, volume.length));
  return {
    ...medians(volume.map((slice, index) => scorer.kneeScores(index, slice, MODEL_SPACING_MM))),
    ...shape(volume, own),
    film: film && (await shownByFilm(volume, own.side, film)),
  };
}

export interface ReferenceRequest extends OwnKnee {
  sliceCount: number;
  /** Every real knee added up, and those of this person: the mean is that of the others. */
  all: VolumeSum;
  person: VolumeSum;
  /** Another person's series; null where there is none. */
  other: { series: StoredSeries; side: Side } | null;
}

/** Scores of the volumes that say nothing of the knee, or too little, against its own series. */
export async function referenceFigures(
  request: ReferenceRequest,
): Promise<Partial<Record<EvaluationReference, ReferenceFigures>>> {
  const { series, sliceCount, side, all, person, other } = request;
  const real = await stackOf(series, sliceCount);
  const scorer = new VolumeScorer(real);
  const mean = meanWithout(all, person);
  const volumes: Record<EvaluationReference, GreyImage[] | null> = {
    MEAN_VOLUME: mean && asRight(mean, side),
    OTHER_PERSON: other && asSide(await stackOf(other.series, sliceCount), other.side, side),
    OWN_MIRRORED: mirroredSlices(real),
    OWN_SHIFTED: slicesAway(real),
    BLACK: blackSlices(real),
  };
  const found: Partial<Record<EvaluationReference, ReferenceFigures>> = {};
  for (const reference of EVALUATION_REFERENCES) {
    const volume = volumes[reference];
    if (volume) found[reference] = scored(volume, scorer, request);
  }
  return found;
}

function scored(volume: readonly GreyImage[], scorer: VolumeScorer, own: Omit<OwnKnee, 'series'>): ReferenceFigures {
  const places = spread(volume.length, SCORED);
  const scores = places.map((index) => ({
    ...scorer.score(index, volume[index]!),
    ...scorer.kneeScores(index, volume[index]!, MODEL_SPACING_MM),
  }));
  const figures = { ...medians(scores), ...shape(volume, own) };
  return { ...figures, adjacentCorrelation: finite(adjacentCorrelation(volume)) };
}

function shape(
  volume: readonly GreyImage[],
  { side, crop, rivals }: Omit<OwnKnee, 'series'>,
): Pick<VolumeFigures, 'jointSpace' | 'retrieval'> {
  const generated = jointCrop(asRight(volume, side), MODEL_SPACING_MM);
  const likeness = rivals.map((rival) => cropLikeness(generated, rival));
  return {
    jointSpace: volumeJointSpace(volume, sideLetter(side), MODEL_SPACING_MM),
    retrieval: rivals.length === 0 ? null : retrievalTrial(cropLikeness(generated, crop), likeness),
  };
}

async function shownByFilm(
  volume: readonly GreyImage[],
  side: Side,
  { bytes, name, pixelSpacing, box }: NonNullable<VolumeRequest['film']>,
): Promise<FilmFigures | null> {
  try {
    const film = await loadRadiograph({ bytes: Buffer.from(bytes), name });
    const spacing = pixelSpacing === null ? film.pixelSpacing : ([pixelSpacing, pixelSpacing] as const);
    return filmFigures({ ...film, pixelSpacing: spacing }, box, side, volume);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Median of each score over slices; slices without it are left out. */
function medians<Score extends string>(slices: readonly Record<Score, number | null>[]): Record<Score, number | null> {
  const names = Object.keys(slices[0]!) as Score[];
  const median = (name: Score) => finite(quartiles(slices.flatMap((slice) => slice[name] ?? [])).median);
  return Object.fromEntries(names.map((name) => [name, median(name)])) as Record<Score, number | null>;
}

/** Up to `count` of `length` places, evenly spaced. */
function spread(length: number, count: number): number[] {
  const wanted = Math.min(length, count);
  return Array.from({ length: wanted }, (_, index) => Math.round(((index + 0.5) * length) / wanted - 0.5));
}

/** Slices of a knee of the one side as if it were of the other. */
function asSide(slices: readonly GreyImage[], from: Side, to: Side): GreyImage[] {
  return from === to ? [...slices] : mirroredSlices(slices);
}

function asRight(slices: readonly GreyImage[], side: Side): GreyImage[] {
  return asSide(slices, side, 'RIGHT');
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
