import { In, IsNull, Not } from 'typeorm';
import type { Evaluation } from '../../entities/index.js';
import { EvaluationExam, EvaluationScore } from '../../entities/index.js';
import type { VolumeSum } from '../../metrics/index.js';
import { readFilm, readSeries, readSlices } from '../reports/index.js';
import type { DriveContext } from './context.js';

/** Most slices of a reference volume: those of the trained stack. A sum of such volumes is 26 MB, however many knees are in it. */
const MOST_SLICES = 50;

/** Knees whose reference volumes are scored, spread over the evaluation: each takes seconds. */
const REFERENCE_KNEES = 100;

/** Other people's knees that a knee is held against; "first of a hundred" means the same in every evaluation that is large enough. */
const RIVALS = 99;

/** What the real knees told: of each a small image of its joint, and all of them added up. */
interface RealKnees {
  crops: Map<number, Float32Array>;
  sum: VolumeSum | null;
}

/**
 * Measures what the generations of an evaluation do not tell: first every real series, then each volume and the volumes that say nothing,
 * one at a time, so that memory does not grow with the evaluation but for 8.4 kB a knee. Figures are kept as they come; what an attempt
 * that was interrupted has measured is not measured again, except that the real series are read once more.
 */
export class Measuring {
  readonly #real: RealKnees = { crops: new Map(), sum: null };
  #exams: EvaluationExam[] | undefined;
  #series = 0;
  #references: EvaluationExam[] | undefined;
  #person: { participantId: number; sum: VolumeSum } | undefined;

  constructor(
    private readonly row: Evaluation,
    private readonly context: DriveContext,
  ) {}

  /** Measures the next thing that can be. @returns false when there is none for now */
  async measureOne(): Promise<boolean> {
    const { manager } = this.context.dataSource;
    // Knees of one person follow each other: their series are added up once.
    this.#exams ??= await manager.find(EvaluationExam, {
      where: { evaluationId: this.row.id },
      order: { participantId: 'ASC', examId: 'ASC' },
    });
    const exam = this.#exams[this.#series];
    if (exam) {
      this.#series++;
      await this.#measureSeries(exam);
      return true;
    }
    return (await this.#measureReferences(this.#exams)) || (await this.#measureVolume(this.#exams));
  }

  async #measureSeries(exam: EvaluationExam): Promise<void> {
    const { figures, dataSource } = this.context;
    const series = await this.#seriesOf(exam);
    const found =
      series &&
      (await figures.run('realKnee', { series, side: exam.side, sliceCount: this.#slices, sum: this.#real.sum }));
    if (!found) return;
    this.#real.sum = found.sum;
    this.#real.crops.set(exam.examId, found.crop);
    if (exam.jointSpace !== null) return;
    const { seriesCorrelation, jointSpace } = found;
    const { evaluationId, examId } = exam;
    await dataSource.manager.update(EvaluationExam, { evaluationId, examId }, { seriesCorrelation, jointSpace });
  }

  async #measureReferences(exams: readonly EvaluationExam[]): Promise<boolean> {
    this.#references ??= spread(
      exams.filter(({ examId }) => this.#real.crops.has(examId)),
      REFERENCE_KNEES,
    ).filter(({ referenceFigures }) => referenceFigures === null);
    const exam = this.#references.shift();
    if (!exam) return false;
    const series = (await this.#seriesOf(exam))!;
    const other = this.#rivalsOf(exam, exams)[0];
    const otherSeries = other && (await this.#seriesOf(other));
    const referenceFigures = await this.context.figures.run('referenceFigures', {
      series,
      sliceCount: this.#slices,
      all: this.#real.sum!,
      person: await this.#personOf(exam, exams),
      other: other && otherSeries ? { series: otherSeries, side: other.side } : null,
      ...this.#shapeOf(exam, exams),
    });
    const { evaluationId, examId } = exam;
    await this.context.dataSource.manager.update(EvaluationExam, { evaluationId, examId }, { referenceFigures });
    return true;
  }

  async #measureVolume(exams: readonly EvaluationExam[]): Promise<boolean> {
    const { dataSource, store, figures } = this.context;
    const { manager } = dataSource;
    const score = await manager.findOne(EvaluationScore, {
      where: {
        evaluationId: this.row.id,
        state: 'SUCCEEDED',
        figures: IsNull(),
        generationId: Not(IsNull()),
        examId: In([...this.#real.crops.keys()]),
      },
      order: { examId: 'ASC', arm: 'ASC' },
      relations: { generation: true },
    });
    if (!score) return false;
    const exam = exams.find(({ examId }) => examId === score.examId)!;
    const generation = score.generation!;
    const film = generation.box && (await readFilm(dataSource, store, generation));
    const measured = await figures.run('volumeFigures', {
      series: (await this.#seriesOf(exam))!,
      slices: await readSlices(dataSource, store, generation.id),
      film: film && { ...film, box: generation.box! },
      ...this.#shapeOf(exam, exams),
    });
    const { evaluationId, arm, examId } = score;
    await manager.update(EvaluationScore, { evaluationId, arm, examId }, { figures: measured as object });
    return true;
  }

  /** As many as the first arm has, but no more than the trained stack. */
  get #slices(): number {
    return Math.min(this.row.arms[0]!.sliceCount, MOST_SLICES);
  }

  #seriesOf({ seriesId }: EvaluationExam): ReturnType<typeof readSeries> {
    return readSeries(this.context.dataSource, this.context.store, seriesId);
  }

  #shapeOf(exam: EvaluationExam, exams: readonly EvaluationExam[]) {
    const rivals = this.#rivalsOf(exam, exams).map(({ examId }) => this.#real.crops.get(examId)!);
    return { side: exam.side, crop: this.#real.crops.get(exam.examId)!, rivals };
  }

  /** The knees of other people that follow in the evaluation, the first again after the last. */
  #rivalsOf(exam: EvaluationExam, exams: readonly EvaluationExam[]): EvaluationExam[] {
    const place = exams.indexOf(exam);
    return [...exams.slice(place), ...exams.slice(0, place)]
      .filter(({ participantId, examId }) => participantId !== exam.participantId && this.#real.crops.has(examId))
      .slice(0, RIVALS);
  }

  /** The real series of one person added up. */
  async #personOf({ participantId }: EvaluationExam, exams: readonly EvaluationExam[]): Promise<VolumeSum> {
    if (this.#person?.participantId === participantId) return this.#person.sum;
    let sum: VolumeSum | null = null;
    for (const own of exams) {
      if (own.participantId !== participantId || !this.#real.crops.has(own.examId)) continue;
      const series = (await this.#seriesOf(own))!;
      sum = await this.context.figures.run('sumWith', { series, side: own.side, sliceCount: this.#slices, sum });
    }
    this.#person = { participantId, sum: sum! };
    return this.#person.sum;
  }
}

/** Up to `count` of a list, evenly spaced. */
function spread<T>(all: readonly T[], count: number): T[] {
  const wanted = Math.min(all.length, count);
  return Array.from({ length: wanted }, (_, index) => all[Math.floor((index * all.length) / wanted)]!);
}
