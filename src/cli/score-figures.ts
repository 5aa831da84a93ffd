import { type EvaluationReference, REFERENCE_NAMES } from '../domain/evaluations.js';
import { type Side, sideLetter } from '../domain/participants.js';
import { filmFigures } from '../imaging/film-consistency.js';
import { MODEL_SIZE, MODEL_SPACING_MM } from '../imaging/normalise.js';
import { kneeBox, loadRadiograph } from '../imaging/radiograph/index.js';
import type { KneeDetector } from '../inference/index.js';
import {
  acutance,
  adjacentCorrelation,
  blackSlices,
  type GreyImage,
  type GreyVolume,
  mirroredSlices,
  multiScaleSsim,
  quartiles,
  type Quartiles,
  slicesAway,
  type SsimMode,
  volumeJointSpace,
  VolumeScorer,
  volumePsnr,
  volumeSsim,
} from '../metrics/index.js';

/** Order statistics of one metric, and how many values there were. */
export interface MetricSpread extends Quartiles {
  metric: string;
  count: number;
}

/** Values of each metric: of every pair of slices, or of every volume; and the same of volumes that say nothing. */
export class Figures {
  readonly #values = new Map<string, number[]>();
  readonly #references = new Map<string, Figures>();

  add(metric: string, ...values: readonly number[]): void {
    this.#values.set(metric, [...(this.#values.get(metric) ?? []), ...values]);
  }

  /** Where the values of volumes that say nothing go. */
  of(reference: string): Figures {
    const known = this.#references.get(reference) ?? new Figures();
    this.#references.set(reference, known);
    return known;
  }

  spreads(): MetricSpread[] {
    return [...this.#values].map(([metric, all]) => ({ metric, count: all.length, ...quartiles(all) }));
  }

  referenceSpreads(): { reference: string; metrics: MetricSpread[] }[] {
    return [...this.#references].map(([reference, figures]) => ({ reference, metrics: figures.spreads() }));
  }
}

/** Scores a volume against the real one, and beside it what the real one mirrored, three slices away, and black would score. */
export function scorePair(figures: Figures, real: GreyImage[], generated: GreyImage[], mode: SsimMode): void {
  const scorer = new VolumeScorer(real, mode);
  addSliceScores(figures, scorer, generated);
  for (const [index, slice] of generated.entries()) {
    figures.add('multi-scale SSIM', multiScaleSsim(real[index]!, slice));
    const detail = acutance(real[index]!, slice);
    // A constant real slice has no detail to show.
    if (!Number.isNaN(detail)) figures.add('acutance', detail);
  }
  const [a, b] = [asVolume(real), asVolume(generated)];
  figures.add('volume PSNR, dB', volumePsnr(a, b));
  if (real.length >= MIN_VOLUME[mode]) figures.add('volume SSIM', volumeSsim(a, b, mode));
  figures.add('adjacent correlation, real', adjacentCorrelation(real));
  figures.add('adjacent correlation, generated', adjacentCorrelation(generated));
  const references: Partial<Record<EvaluationReference, GreyImage[]>> = {
    OWN_MIRRORED: mirroredSlices(real),
    OWN_SHIFTED: slicesAway(real),
    BLACK: blackSlices(real),
  };
  for (const [reference, slices] of Object.entries(references)) {
    addSliceScores(figures.of(REFERENCE_NAMES[reference as EvaluationReference]), scorer, slices);
  }
}

/** Whether a volume shows the joint of its film; lengths in mm. @throws UserError FILE_REFUSED where no knee is found */
export async function scoreFilm(
  figures: Figures,
  file: string,
  { side, detector, slices }: { side: Side; detector: KneeDetector | undefined; slices: GreyImage[] },
): Promise<void> {
  const film = await loadRadiograph(file);
  const box = await kneeBox(film, { side, detector, reframe: true });
  const found = filmFigures(film, box, side, slices);
  figures.add('joint lines, medial', found.medialLines);
  figures.add('joint lines, lateral', found.lateralLines);
  const known = { 'joint row, volume below film, mm': found.rowOffset, 'joint slope of the film, mm': found.filmDrop };
  for (const [metric, value] of Object.entries({ ...known, 'joint slope of the volume, mm': found.volumeDrop })) {
    if (value !== null) figures.add(metric, value);
  }
}

/** Bone to bone, mm, of both volumes, where both show it. */
export function scoreJointSpace(figures: Figures, real: GreyImage[], generated: GreyImage[], side: Side): void {
  const letter = sideLetter(side);
  const [own, made] = [real, generated].map((slices) => volumeJointSpace(slices, letter, MODEL_SPACING_MM));
  for (const compartment of ['medial', 'lateral'] as const) {
    const [a, b] = [own![compartment], made![compartment]];
    if (a === null || b === null) continue;
    figures.add(`joint space, ${compartment}, real, mm`, a);
    figures.add(`joint space, ${compartment}, generated, mm`, b);
    figures.add(`joint space, ${compartment}, difference, mm`, b - a);
  }
}

function addSliceScores(figures: Figures, scorer: VolumeScorer, slices: readonly GreyImage[]): void {
  for (const [index, slice] of slices.entries()) {
    const { psnr, ssim, rssim } = scorer.score(index, slice);
    figures.add('PSNR, dB', psnr);
    figures.add('SSIM', ssim);
    figures.add('RSSIM', rssim);
    const { edgeF1, boneDice, sharpness } = scorer.kneeScores(index, slice, MODEL_SPACING_MM);
    // A real slice that shows no edge, bone or detail is no measure of them.
    if (edgeF1 !== null) figures.add('edge F1, joint', edgeF1);
    if (boneDice !== null) figures.add('bone Dice, joint', boneDice);
    if (sharpness !== null) figures.add('sharpness ratio', sharpness);
  }
}

/** Slices that one window of SSIM needs. */
const MIN_VOLUME: Record<SsimMode, number> = { skimage: 7, wang: 11 };

function asVolume(slices: GreyImage[]): GreyVolume {
  const data = new Float32Array(slices.length * MODEL_SIZE * MODEL_SIZE);
  slices.forEach((slice, index) => data.set(slice.data, index * MODEL_SIZE * MODEL_SIZE));
  return { slices: slices.length, rows: MODEL_SIZE, columns: MODEL_SIZE, data };
}
