import { COMPARTMENTS } from '../../domain/compartments.js';
import type { EvaluationArm } from '../../domain/evaluations.js';
import { Generation } from '../../entities/index.js';
import { quartiles } from '../../metrics/index.js';
import {
  readFilm,
  readSeries,
  readSlices,
  type ReportRequest,
  type ReportSheet,
  type ScoredVolumes,
  type SheetKnee,
} from '../reports/index.js';
import type { DriveContext } from './context.js';
import { settingsOf } from '../generations/index.js';

/** Columns of generated slices that a sheet has room for. */
const COLUMNS = 6;

/** Grades that the paper shows, and how many knees a sheet has. */
const SHOWN_GRADES = [0, 2, 4];

/** Knees whose volumes are compared voxel by voxel; each takes seconds. */
const COMPARED_KNEES = 20;

type Exam = ScoredVolumes['exams'][number];

/**
 * The pictures of a report: one slice of typical knees by each arm, with maps of the edges that differ; and, where arms differ in
 * their grades alone, how and where they differ.
 */
export async function evaluationPictures(
  volumes: ScoredVolumes,
  context: DriveContext,
  signal: AbortSignal,
): Promise<Pick<ReportRequest, 'sheets' | 'compartments'>> {
  const typical = typicalKnees(volumes);
  const sheets: ReportSheet[] = [];
  // Stacks of other lengths have their middle slice at another depth, which the maps would show as an error of theirs.
  const { sliceCount } = volumes.arms[0]!;
  const arms = volumes.arms.flatMap((arm, place) => (arm.sliceCount === sliceCount ? place : [])).slice(0, COLUMNS);
  const left = volumes.arms.length - arms.length;
  sheets.push({
    name: 'slices',
    title: 'Typical knees',
    caption:
      `The middle slice. Of each KL grade the knee whose RSSIM by the first arm is the median. Colours: difference of Sobel edges.` +
      (left > 0 ? ` ${left} more arms, those with other slice counts among them, are not shown.` : ''),
    png: await sheet(volumes, typical, arms, 'EDGES_TO_REFERENCE', context),
  });
  const pairs = featurePairs(volumes.arms);
  const groups = Map.groupBy(pairs, ({ against }) => against);
  for (const [against, group] of groups) {
    signal.throwIfAborted();
    const columns = [against, ...group.map(({ arm }) => arm)].slice(0, COLUMNS);
    const place = groups.size > 1 ? `-${against + 1}` : '';
    sheets.push({
      name: `grades${place}`,
      title: `The same knees with other grades: ${volumes.arms[against]!.label}`,
      caption: 'The middle slice. Colours: absolute difference of intensity from the first column.',
      png: await sheet(volumes, typical, columns, 'INTENSITY_TO_FIRST', context),
    });
  }
  const compartments = [];
  for (const pair of pairs) compartments.push(await compartmentsOf(volumes, pair, context, signal));
  return { sheets, compartments: compartments.filter(({ knees }) => knees > 0) };
}

/** Arms that differ in nothing but their grades, each with the first one like it. */
function featurePairs(arms: readonly EvaluationArm[]): { arm: number; against: number }[] {
  const rest = ({ featureSet: _, overrides: __, label: ___, ...others }: EvaluationArm) => JSON.stringify(others);
  return arms.flatMap((one, arm) => {
    const against = arms.findIndex((other) => rest(other) === rest(one));
    return against < arm ? { arm, against } : [];
  });
}

/** One knee of each shown KL grade: that with the median RSSIM by the first arm. Other grades where those are not there. */
function typicalKnees({ exams, scores }: ScoredVolumes): Exam[] {
  const rssim = new Map(
    scores.flatMap(({ arm, examId, rssim: value }) => (arm === 0 && value !== null ? [[examId, value]] : [])),
  );
  const usable = exams.filter(({ examId }) => rssim.has(examId));
  const byGrade = Map.groupBy(usable, ({ kl }) => kl);
  const present = [...byGrade.keys()].sort((a, b) => (a ?? 9) - (b ?? 9));
  const chosen = [
    ...SHOWN_GRADES.filter((grade) => byGrade.has(grade)),
    ...present.filter((kl) => !SHOWN_GRADES.includes(kl ?? 9)),
  ];
  return chosen
    .slice(0, SHOWN_GRADES.length)
    .sort((a, b) => (a ?? 9) - (b ?? 9))
    .map((grade) => {
      const knees = byGrade.get(grade)!.sort((a, b) => rssim.get(a.examId)! - rssim.get(b.examId)!);
      return knees[Math.floor((knees.length - 1) / 2)]!;
    });
}

async function sheet(
  volumes: ScoredVolumes,
  exams: readonly Exam[],
  arms: readonly number[],
  differences: 'EDGES_TO_REFERENCE' | 'INTENSITY_TO_FIRST',
  context: DriveContext,
): Promise<Buffer> {
  const knees: SheetKnee[] = [];
  for (const exam of exams) {
    const knee = await sheetKnee(volumes, exam, arms, context);
    if (knee) knees.push(knee);
  }
  const phantoms = exams.every(({ phantom }) => phantom);
  const png = await context.figures.run('comparisonSheet', {
    title: differences === 'EDGES_TO_REFERENCE' ? 'Typical knees' : 'The same knees with other grades',
    note: [
      phantoms
        ? 'The knees are phantoms of a synthetic release, not patients.'
        : 'The series are imported ones; columns marked SYNTHETIC are generated.',
      'Every generated slice is synthetic. Nothing here is clinically valid.',
    ],
    referenceLabel: phantoms ? 'PHANTOM' : 'REAL',
    columns: arms.map((arm) => volumes.arms[arm]!.label),
    differences,
    knees,
  });
  return Buffer.from(png);
}

async function sheetKnee(
  volumes: ScoredVolumes,
  exam: Exam,
  arms: readonly number[],
  { dataSource, store }: DriveContext,
): Promise<SheetKnee | undefined> {
  const scored = arms.map((arm) => scoreOf(volumes, arm, exam.examId));
  const first = scored.find((score) => score !== undefined);
  if (!first) return undefined;
  const generation = await dataSource.manager.findOneBy(Generation, { id: first.generationId! });
  const film = generation && (await readFilm(dataSource, store, generation));
  const series = await readSeries(dataSource, store, exam.seriesId);
  if (!generation?.box || !film || !series) return undefined;
  const images: SheetKnee['images'] = [];
  for (const [place, score] of scored.entries()) {
    const index = middle(volumes.arms[arms[place]!]!.sliceCount);
    const [png] = score ? await readSlices(dataSource, store, score.generationId!, [index]) : [];
    images.push(png && score ? { png, caption: `RSSIM ${score.rssim?.toFixed(3) ?? 'none'} (volume)` } : null);
  }
  const [participant, visit, side] = exam.label.split(' ');
  const { sliceCount } = settingsOf(generation);
  return {
    title: `KL ${exam.kl ?? 'missing'} · ${participant} ${visit} ${side!.toLowerCase()} knee`,
    side: exam.side,
    film,
    box: generation.box,
    series,
    images,
    index: middle(sliceCount),
    sliceCount,
  };
}

function scoreOf({ scores }: ScoredVolumes, arm: number, examId: number): ScoredVolumes['scores'][number] | undefined {
  return scores.find((score) => score.arm === arm && score.examId === examId && score.state === 'SUCCEEDED');
}

/** The slice nearest to depth 0.5. */
function middle(sliceCount: number): number {
  return Math.round(0.5 * (sliceCount - 1));
}

/** Where the volumes of two sets of grades differ, over the first knees that have both. */
async function compartmentsOf(
  volumes: ScoredVolumes,
  { arm, against }: { arm: number; against: number },
  { dataSource, store, figures }: DriveContext,
  signal: AbortSignal,
): Promise<ReportRequest['compartments'][number]> {
  const found: Map<string, number[]> = new Map(COMPARTMENTS.map((compartment) => [compartment, []]));
  let knees = 0;
  for (const exam of volumes.exams) {
    const pair = [scoreOf(volumes, against, exam.examId), scoreOf(volumes, arm, exam.examId)];
    if (knees >= COMPARED_KNEES) break;
    if (!pair[0] || !pair[1] || pair[0].generationId === pair[1].generationId) continue;
    signal.throwIfAborted();
    const series = await readSeries(dataSource, store, exam.seriesId);
    const { summary } = await figures.run('volumeDifference', {
      side: exam.side,
      first: { label: '', slices: await readSlices(dataSource, store, pair[0].generationId!) },
      second: { label: '', slices: await readSlices(dataSource, store, pair[1].generationId!) },
      ...(series ? { series } : {}),
    });
    for (const { compartment, meanAbsolute } of summary.compartments) found.get(compartment)!.push(meanAbsolute);
    knees++;
  }
  const regions = knees === 0 ? [] : [...found].map(([region, values]) => ({ region, ...quartiles(values) }));
  return { arm, against, knees, regions };
}
