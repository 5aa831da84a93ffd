import { UserError } from '../../domain/errors.js';
import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import { blindedSlice, blindedVolume } from '../../imaging/blinded.js';
import { type ComparisonSheet, renderComparisonSheet } from '../../imaging/comparison-sheet.js';
import { renderDifferenceSheet } from '../../imaging/difference-sheet.js';
import { asItLies } from '../../imaging/generated-volume.js';
import { encodeNifti } from '../../imaging/nifti.js';
import { loadRadiograph, radiographInput } from '../../imaging/radiograph/index.js';
import { compareVolumes, differenceVolume, type VolumeDifference } from '../../imaging/volume-difference.js';
import type { GreyImage } from '../../metrics/index.js';
import { evaluationReport } from './evaluation-report.js';
import { realKnee, referenceFigures, sumWith, volumeFigures } from './knee-tasks.js';
import { sliceOf, stackOf, type StoredSeries } from './stored-volumes.js';

/**
 * Work that would keep a server from answering for seconds: decoding volumes, drawing, resampling. All of it runs in a thread of
 * its own; inputs and outputs are plain data and bytes.
 */
export const TASKS = {
  evaluationReport,
  realKnee,
  sumWith,
  volumeFigures,
  referenceFigures,
  comparisonSheet,
  volumeDifference,
  blindedPair,
};
export type Tasks = typeof TASKS;

export interface SheetKnee {
  title: string;
  side: Side;
  film: { bytes: Uint8Array; name: string };
  box: SquareBox;
  series: StoredSeries;
  /** One slice per column, as stored, with what is written on it. */
  images: ({ png: Uint8Array; caption: string } | null)[];
  /** The slice of the series that is shown: `index` of a stack of `sliceCount`. */
  index: number;
  sliceCount: number;
}

/** The PNG of a sheet that shows one slice of several knees by several arms. */
async function comparisonSheet({
  knees,
  ...sheet
}: Omit<ComparisonSheet, 'rows'> & { knees: SheetKnee[] }): Promise<Uint8Array> {
  const rows = [];
  for (const knee of knees) {
    const stack = await stackOf(knee.series, knee.sliceCount);
    rows.push({
      title: knee.title,
      radiograph: await filmOf(knee),
      reference: stack[knee.index]!,
      images: knee.images.map((entry) => entry && { image: sliceOf(entry.png), caption: entry.caption }),
    });
  }
  return renderComparisonSheet({ ...sheet, rows });
}

export interface DifferenceRequest {
  side: Side;
  /** Stored slices of both volumes, posterior to anterior. */
  first: { label: string; slices: Uint8Array[] };
  second: { label: string; slices: Uint8Array[] };
  /** Where the compartments are found; absent: on the first volume. */
  series?: StoredSeries | undefined;
  /** For the files; absent when only the figures are wanted. */
  title?: string | undefined;
}

/** How two volumes of one knee differ, with a NIfTI file and a picture of it if asked for. */
async function volumeDifference({ side, first, second, series, title }: DifferenceRequest): Promise<{
  summary: VolumeDifference;
  nifti: Uint8Array | null;
  sheet: Uint8Array | null;
}> {
  const a = first.slices.map(sliceOf);
  const b = second.slices.map(sliceOf);
  const landmarks = series ? await stackOf(series, a.length).catch(onlyUserError(a)) : a;
  const summary = compareVolumes(a, b, landmarks, side);
  if (title === undefined) return { summary, nifti: null, sheet: null };
  const label = `SYNTHETIC difference of two generated volumes; 32768 = equal`;
  return {
    summary,
    nifti: await encodeNifti(differenceVolume(a, b), label),
    sheet: await renderDifferenceSheet({
      title,
      first: { label: first.label, slices: a },
      second: { label: second.label, slices: b },
      note: 'Both volumes are synthetic; nothing here is clinically valid. Posterior to anterior from left to right.',
    }),
  };
}

/** The two pictures of a pair of a reader study: a slice each, or with `slice` null a sheet of the volume each. */
async function blindedPair({
  series,
  slices,
  sliceCount,
  slice,
}: {
  series: StoredSeries;
  /** Stored slices of the generation: the one that is shown, or all. */
  slices: Uint8Array[];
  sliceCount: number;
  slice: number | null;
}): Promise<{ real: Uint8Array; generated: Uint8Array }> {
  const stack = await stackOf(series, sliceCount);
  const generated = slices.map(sliceOf);
  return slice === null
    ? { real: blindedVolume(stack), generated: blindedVolume(generated) }
    : { real: blindedSlice(stack[slice]!), generated: blindedSlice(generated[0]!) };
}

function onlyUserError<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof UserError) return instead;
    throw error;
  };
}

/** The crop that the model saw, as the knee lies. */
async function filmOf({ film, box, side }: SheetKnee): Promise<GreyImage> {
  const read = await loadRadiograph({ bytes: Buffer.from(film.bytes), name: film.name });
  const seen = radiographInput(read, box, side).map((value) => (value + 1) / 2);
  return asItLies(seen, side);
}
