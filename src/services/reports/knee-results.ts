import {
  EVALUATION_REFERENCES,
  type EvaluationReference,
  type FilmFigures,
  JOINT_SIDES,
  type JointSide,
  jointSideKey,
  type JointSpaces,
} from '../../domain/evaluations.js';
import { retrieval, type RetrievalTrial } from '../../metrics/index.js';
import { type Agreement, limitsOfAgreement, median, wilson } from '../../metrics/statistics/index.js';
import type { ScoredVolumes } from './results.js';

/** An arm by its place, or volumes that say nothing; the other one is null. */
export interface Subject {
  arm: number | null;
  reference: EvaluationReference | null;
}

/** How often a volume's joint is nearer to its own real one than to those of other people. */
export interface RetrievalSummary extends Subject {
  exams: number;
  /** Share of the knees whose own is the nearest of all, with Wilson's interval. */
  first: number;
  interval: { lower: number; upper: number };
  /** Share of comparisons with one other knee that the own one wins. */
  pairs: number;
  /** Other people's knees, on average: a guess is first once in this many and one. */
  others: number;
}

/** Joint space of one compartment, mm, against the own series; both null of arm and reference: that of the film. */
export interface JointSpaceSummary extends Subject {
  compartment: JointSide;
  /** Knees whose own series has a joint space, and those whose volume has one as well. */
  exams: number;
  found: number;
  medianError: number | null;
  /** Limits of agreement of the volume minus the series; null with fewer than three knees. */
  agreement: Agreement | null;
}

/** Whether an arm's volumes show the joints of their films; of films without an MRI the only figures there are. */
export interface FilmSummary {
  arm: number;
  exams: number;
  /** Share of the volumes with a joint line in each compartment, and with exactly one, with Wilson's interval. */
  found: number;
  oneLine: number;
  interval: { lower: number; upper: number };
  /** Median distance of the joint's row from the film's, mm. */
  rowError: number | null;
  /** Fall of the joint line from lateral to medial, mm: against the film's. */
  slope: { exams: number; medianError: number; correlation: number | null } | null;
  /** Knees whose film says no pixel spacing: its crop is taken to show 95 mm. */
  assumedWidths: number;
}

export interface KneeResults {
  retrieval: RetrievalSummary[];
  jointSpace: JointSpaceSummary[];
  film: FilmSummary[];
}

/** One knee's joint space by two measurements, mm. */
export interface SpacePair {
  own: number;
  other: number;
}

type Exam = ScoredVolumes['exams'][number];

/** What is said of knees as shapes, rather than of slices; empty in evaluations that did not measure it. */
export function kneeResults(volumes: ScoredVolumes): KneeResults {
  const { arms, exams } = volumes;
  const subjects: Subject[] = [
    ...arms.map((_, arm) => ({ arm, reference: null })),
    ...EVALUATION_REFERENCES.map((reference) => ({ arm: null, reference })),
  ];
  const film: Subject = { arm: null, reference: null };
  const measured = exams.some(({ jointSpace }) => jointSpace !== null);
  return {
    retrieval: subjects.flatMap((subject) => retrievalOf(volumes, subject) ?? []),
    jointSpace: measured
      ? [...subjects, film].flatMap((subject) =>
          JOINT_SIDES.flatMap((compartment) => jointSpaceOf(volumes, subject, compartment) ?? []),
        )
      : [],
    film: arms.flatMap((_, arm) => filmOf(volumes, arm) ?? []),
  };
}

/** Joint spaces of the own series and of a subject's volumes, where both have one. */
export function spacePairs(volumes: ScoredVolumes, subject: Subject, compartment: JointSide): SpacePair[] {
  return spacesOf(volumes, subject, compartment).flatMap(({ own, other }) => (other === null ? [] : { own, other }));
}

function spacesOf(
  { exams, scores }: ScoredVolumes,
  subject: Subject,
  compartment: JointSide,
): { own: number; other: number | null }[] {
  const side = jointSideKey(compartment);
  const own = new Map(exams.map((exam) => [exam.examId, exam.jointSpace?.[side] ?? null]));
  const pair = (examId: number, spaces: JointSpaces | null | undefined) => {
    const real = own.get(examId) ?? null;
    return real === null || !spaces ? [] : { own: real, other: spaces[side] };
  };
  if (subject.reference !== null) {
    const { reference } = subject;
    return exams.flatMap((exam: Exam) => pair(exam.examId, exam.referenceFigures?.[reference]?.jointSpace));
  }
  if (subject.arm !== null) {
    return scores
      .filter(({ arm }) => arm === subject.arm)
      .flatMap(({ examId, figures }) => pair(examId, figures?.jointSpace));
  }
  // Of every arm the same film: the first arm that has a volume of the knee stands for all.
  const films = new Map<number, FilmFigures>();
  for (const { examId, figures } of scores) if (figures?.film && !films.has(examId)) films.set(examId, figures.film);
  return [...films].flatMap(([examId, film]) => pair(examId, { medial: film.filmMedial, lateral: film.filmLateral }));
}

function jointSpaceOf(volumes: ScoredVolumes, subject: Subject, compartment: JointSide): JointSpaceSummary | null {
  const all = spacesOf(volumes, subject, compartment);
  if (all.length === 0) return null;
  const pairs = spacePairs(volumes, subject, compartment);
  const errors = pairs.map(({ own, other }) => Math.abs(other - own));
  return {
    ...subject,
    compartment,
    exams: all.length,
    found: pairs.length,
    medianError: errors.length > 0 ? median(errors) : null,
    agreement: agreementOf(pairs),
  };
}

/** Limits of agreement, the other minus the own; null with fewer than three knees. */
export function agreementOf(pairs: readonly SpacePair[]): Agreement | null {
  if (pairs.length < 3) return null;
  return limitsOfAgreement(
    pairs.map(({ own }) => own),
    pairs.map(({ other }) => other),
  );
}

function retrievalOf({ exams, scores }: ScoredVolumes, subject: Subject): RetrievalSummary | null {
  const { arm, reference } = subject;
  const trials: RetrievalTrial[] =
    reference === null
      ? scores.flatMap((score) => (score.arm === arm ? (score.figures?.retrieval ?? []) : []))
      : exams.flatMap((exam) => exam.referenceFigures?.[reference]?.retrieval ?? []);
  const found = retrieval(trials);
  if (!found) return null;
  const first = trials.filter((trial) => trial.first).length;
  return { ...subject, exams: trials.length, ...found, interval: wilson(first, trials.length) };
}

function filmOf({ scores }: ScoredVolumes, arm: number): FilmSummary | null {
  const films = scores.flatMap((score) => (score.arm === arm ? (score.figures?.film ?? []) : []));
  if (films.length === 0) return null;
  const one = films.filter(({ medialLines, lateralLines }) => medialLines === 1 && lateralLines === 1).length;
  const found = films.filter(({ medialLines, lateralLines }) => medialLines > 0 && lateralLines > 0).length;
  const rows = films.flatMap(({ rowOffset }) => (rowOffset === null ? [] : Math.abs(rowOffset)));
  const drops = films.flatMap(({ filmDrop, volumeDrop }) =>
    filmDrop === null || volumeDrop === null ? [] : { own: filmDrop, other: volumeDrop },
  );
  return {
    arm,
    exams: films.length,
    found: found / films.length,
    oneLine: one / films.length,
    interval: wilson(one, films.length),
    rowError: rows.length > 0 ? median(rows) : null,
    slope:
      drops.length > 0
        ? {
            exams: drops.length,
            medianError: median(drops.map(({ own, other }) => Math.abs(other - own))),
            correlation: agreementOf(drops)?.correlation ?? null,
          }
        : null,
    assumedWidths: films.filter(({ assumedWidth }) => assumedWidth).length,
  };
}
