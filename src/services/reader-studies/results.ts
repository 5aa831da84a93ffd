import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type Evaluation, Evaluation as EvaluationEntity, type ReaderStudy, queryRows } from '../../entities/index.js';
import { type Interval, wilson } from '../../metrics/statistics/index.js';
import { maySeeStudyResults, type TokenPrincipal } from '../../policy/index.js';

/** How often readers named the imported image; half is guessing. */
export interface ReaderAccuracy {
  correct: number;
  answers: number;
  accuracy: number | null;
  /** Wilson's 95 % interval. */
  interval: Interval;
}

export interface ReaderStratum extends ReaderAccuracy {
  by: 'KL' | 'ARM' | 'SIDE' | 'SHOWN_ON';
  value: string;
}

export interface ReaderResults extends ReaderAccuracy {
  /** Readers that have finished; only their answers count. */
  readers: number;
  strata: ReaderStratum[];
}

/** Results of one finished session; null before it is finished. */
export async function sessionResults(
  dataSource: DataSource,
  session: { id: string; studyId: string; finishedAt: Date | null },
): Promise<ReaderResults | null> {
  return session.finishedAt ? results(dataSource, session.studyId, session.id) : null;
}

/**
 * Results of all finished sessions together, for readers who have finished and for who made the study; null for everybody else,
 * and for a maker who is reading it and has not finished.
 */
export async function studyResults(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  study: ReaderStudy,
): Promise<ReaderResults | null> {
  const [own] = await queryRows(
    dataSource,
    z.object({ finished: z.boolean() }),
    'SELECT finished_at IS NOT NULL AS finished FROM reader_session WHERE study_id = $1 AND reader_id = $2',
    [study.id, viewer.tokenId],
  );
  return maySeeStudyResults(study, own, viewer) ? results(dataSource, study.id, null) : null;
}

const ANSWER = z.object({
  session: z.string(),
  correct: z.boolean(),
  kl: z.number().nullable(),
  arm: z.number(),
  side: z.string(),
  shownOn: z.string(),
});

type Answer = z.infer<typeof ANSWER>;

async function results(dataSource: DataSource, studyId: string, sessionId: string | null): Promise<ReaderResults> {
  const answers = await queryRows(
    dataSource,
    ANSWER,
    `SELECT t.session_id AS session, t.choice = t.real_side AS correct, p.kl, p.arm, p.side, t.real_side AS "shownOn"
     FROM reader_session s JOIN reader_trial t ON t.session_id = s.id
     JOIN reader_study_pair p ON p.study_id = s.study_id AND p.place = t.pair
     WHERE s.study_id = $1 AND s.finished_at IS NOT NULL AND ($2::uuid IS NULL OR s.id = $2::uuid)`,
    [studyId, sessionId],
  );
  const { arms } = await evaluationOf(dataSource, studyId);
  const strata = {
    KL: ({ kl }: Answer) => (kl === null ? 'missing' : String(kl)),
    ARM: ({ arm }: Answer) => arms[arm]!.label,
    SIDE: ({ side }: Answer) => side,
    SHOWN_ON: ({ shownOn }: Answer) => shownOn,
  };
  return {
    readers: new Set(answers.map(({ session }) => session)).size,
    ...accuracyOf(answers),
    strata: Object.entries(strata).flatMap(([by, valueOf]) =>
      [...Map.groupBy(answers, valueOf)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([value, own]) => ({ by: by as ReaderStratum['by'], value, ...accuracyOf(own) })),
    ),
  };
}

function accuracyOf(answers: readonly Answer[]): ReaderAccuracy {
  const correct = answers.filter((answer) => answer.correct).length;
  const count = answers.length;
  return { correct, answers: count, accuracy: count > 0 ? correct / count : null, interval: wilson(correct, count) };
}

async function evaluationOf(dataSource: DataSource, studyId: string): Promise<Evaluation> {
  return dataSource.manager
    .createQueryBuilder(EvaluationEntity, 'evaluation')
    .where('evaluation.id = (SELECT evaluation_id FROM reader_study WHERE id = :studyId)', { studyId })
    .getOneOrFail();
}
