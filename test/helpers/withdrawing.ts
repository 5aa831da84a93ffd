import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { KneeExam, MriSeries, Participant, Radiograph, Visit } from '../../src/entities/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import { type BlobStore, storeAsset } from '../../src/storage/index.js';
import { factories } from './factories.js';
import { filmFile, READING_HEADER, readingRow, type ReleaseFolder, sliceFile } from './oai-files.js';

/** Who withdraws, and who stays. */
export const LEAVER = '9000001';
export const STAYER = '9000002';

/** By which the one who withdraws may be known in rows and files of others. */
export const BARCODES = ['016600000001', '016610000001'];
export const DAY = '2004-07-11';

/** Writes a release of two people, each with a reading, a film, an MRI series and a series of the thigh. */
export async function writeRelease(release: ReleaseFolder): Promise<void> {
  await release.table('Enrollees.txt', 'ID|P02SEX', [`${LEAVER}|1: Male`, `${STAYER}|2: Female`]);
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow(LEAVER, '1: Right', '15', '2', '0: 0', '016600000001'),
    readingRow(STAYER, '1: Right', '15', '3', '0: 0', '016600000002'),
  ]);
  for (const [at, [oaiId, day]] of [
    [LEAVER, DAY],
    [STAYER, '2005-08-12'],
  ].entries()) {
    const date = day!.replaceAll('-', '');
    const folder = `00m/0.C.2/${oaiId}/${date}`;
    const number = `000000${at + 1}`;
    const elements = { StudyDate: date };
    await release.write(`${folder}/0${number}/001`, filmFile(oaiId!, `01660000000${at + 1}`, { elements }));
    for (let slice = 0; slice < 3; slice++) {
      const thigh = { elements: { ...elements, SeriesDescription: 'AX_T1_THIGH' } };
      await release.write(
        `${folder}/1${number}/00${slice}`,
        sliceFile(oaiId!, `01661000000${at + 1}`, slice, { elements }),
      );
      await release.write(
        `${folder}/1100000${at + 1}/00${slice}`,
        sliceFile(oaiId!, `01661100000${at + 1}`, slice, thigh),
      );
    }
  }
}

export interface Known {
  participant: Participant;
  exam: KneeExam;
  film: Radiograph;
  series: MriSeries;
}

/** What an import made of somebody. */
export async function known({ manager }: DataSource, oaiId: string): Promise<Known> {
  const participant = await manager.findOneByOrFail(Participant, { oaiId });
  const exam = await manager.findOneByOrFail(KneeExam, { participantId: participant.id, side: 'RIGHT' });
  const { id: visitId } = await manager.findOneByOrFail(Visit, { participantId: participant.id });
  const film = await manager.findOneByOrFail(Radiograph, { visitId });
  const series = await manager.findOneByOrFail(MriSeries, { examId: exam.id, synthetic: false });
  return { participant, exam, film, series };
}

/** Two people with all that can be made of somebody, most of it of both. */
export async function makeEverything(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  release: ReleaseFolder,
): Promise<{
  leaver: Known;
  stayer: Known;
  batchId: string;
  studyId: string;
  sessionId: string;
  evaluationId: string;
}> {
  await writeRelease(release);
  await importRelease(dataSource, release.path, { store });
  const leaver = await known(dataSource, LEAVER);
  const stayer = await known(dataSource, STAYER);
  const make = factories(dataSource);
  const bundle = await make.bundle();
  const file = async (bytes: string, type = 'image/png') =>
    storeAsset(dataSource.manager, store, Buffer.from(bytes), type);
  const sql = (statement: string, values: unknown[]) => dataSource.query<unknown[]>(statement, values);
  const reader = await make.token({ role: 'READER' });
  const batchId = randomUUID();
  const volumes: string[] = [];
  for (const [at, { exam, film, participant }] of [leaver, stayer].entries()) {
    const values = { state: 'SUCCEEDED' as const, batchId, batchPosition: at + 1, requestedById: reader.id };
    const generation = await make.generation(exam, film, bundle, values);
    await make.slice(generation, await file(`slice ${at}`));
    const volume = await file(`SYNTHETIC ${participant.oaiId}`, 'application/gzip');
    await make.series(exam, { generationId: generation.id, assetId: volume.id });
    volumes.push(generation.id);
    const other = await make.generation(exam, film, bundle, { state: 'QUEUED', batchId, batchPosition: at + 3 });
    const [picture, difference] = [await file(`picture ${at}`), await file(`difference ${at}`)];
    await sql(
      `INSERT INTO generation_difference (first_id, second_id, summary, volume_id, picture_id) VALUES ($1, $2, '{}', $3, $4)`,
      [generation.id, other.id, difference.id, picture.id],
    );
    await sql(`INSERT INTO generation_output (generation_id, kind, index, asset_id) VALUES ($1, 'FRAME', 0, $2)`, [
      generation.id,
      (await file(`frame ${at}`)).id,
    ]);
    await sql(
      `INSERT INTO radiograph_reading (id, exam_id, radiograph_id, side, bundle_id, film_sha256, box, box_given, unreadable, duration_ms)
       VALUES ($1, $2, $3, 'RIGHT', $4, $5, '{}', false, 'no knee', 1)`,
      [randomUUID(), exam.id, film.id, bundle.id, film.contentSha256],
    );
    for (const [place, id] of [generation.id, other.id].entries()) {
      await sql('INSERT INTO batch_member (batch_id, position, exam_id, generation_id) VALUES ($1, $2, $3, $4)', [
        ...[batchId, at + 1 + 2 * place, exam.id, id],
      ]);
    }
  }
  await sql(
    `INSERT INTO batch (id, name, state, priority, filter, bundle_id, slice_count, steps, sampler, eta, noise, seed_rule, seed,
       skip_existing, succeeded, waiting, message)
     VALUES ($1, 'both', 'RUNNING', 0, $2, $3, 1, 1, 'DDIM', 0, 'SHARED', 'FIXED', 0, true, 2, 2, $4)`,
    [batchId, JSON.stringify(filterOf([LEAVER, STAYER])), bundle.id, `${LEAVER} goes first.`],
  );
  const evaluationId = randomUUID();
  await sql(
    `INSERT INTO evaluation (id, name, state, key, comparison_key, arms, settings, exam_count, participant_count, phantom_count,
       without_mri, without_radiograph, filter, results, report)
     VALUES ($1, 'both', 'SUCCEEDED', 'k', 'c', '[]', '{}', 2, 2, 0, 0, 0, $2, $3, '{"charts": []}')`,
    [
      ...[evaluationId, JSON.stringify(filterOf([LEAVER, STAYER]))],
      JSON.stringify({
        summaries: [{ arm: 0, metric: 'PSNR', median: 20.5, outliers: [20] }],
        failures: [{ arm: 0, exam: `${LEAVER} V00 RIGHT`, error: 'It failed.' }],
      }),
    ],
  );
  const studyId = randomUUID();
  const sessionId = randomUUID();
  await sql(
    `INSERT INTO reader_study (id, name, state, unit, evaluation_id, seed, pair_count) VALUES ($1, 'both', 'OPEN', 'SLICE', $2, 0, 2)`,
    [studyId, evaluationId],
  );
  await sql('INSERT INTO reader_session (id, study_id, reader_id) VALUES ($1, $2, $3)', [
    sessionId,
    studyId,
    reader.id,
  ]);
  for (const [at, { exam, series, participant }] of [leaver, stayer].entries()) {
    await sql(
      `INSERT INTO evaluation_exam (evaluation_id, exam_id, participant_id, label, side, phantom, series_id)
       VALUES ($1, $2, $3, $4, 'RIGHT', false, $5)`,
      [evaluationId, exam.id, participant.id, `${participant.oaiId} V00 RIGHT`, series.id],
    );
    await sql(
      `INSERT INTO evaluation_score (evaluation_id, arm, exam_id, generation_id, state, psnr) VALUES ($1, 0, $2, $3, 'SUCCEEDED', $4)`,
      [evaluationId, exam.id, volumes[at], 20 + at],
    );
    const scored = {
      arm: 0,
      examId: exam.id,
      generationId: volumes[at],
      psnr: 20 + at,
      done: at + 1,
      failed: 0,
      total: 2,
    };
    await sql(`INSERT INTO evaluation_event (evaluation_id, seq, type, payload) VALUES ($1, $2, 'VOLUME_SCORED', $3)`, [
      ...[evaluationId, at + 1, JSON.stringify(scored)],
    ]);
    await sql(
      `INSERT INTO reader_study_pair (study_id, place, arm, exam_id, generation_id, series_id, side, real_asset_id, generated_asset_id)
       VALUES ($1, $2, 0, $3, $4, $5, 'RIGHT', $6, $7)`,
      [
        ...[studyId, at, exam.id, volumes[at], series.id],
        ...[(await file(`real ${at}`)).id, (await file(`generated ${at}`)).id],
      ],
    );
    await sql(`INSERT INTO reader_trial (session_id, index, pair, real_side, choice) VALUES ($1, $2, $2, 'LEFT', $3)`, [
      sessionId,
      at,
      at === 1 ? 'LEFT' : null,
    ]);
  }
  await sql('INSERT INTO evaluation_file (evaluation_id, name, asset_id) VALUES ($1, $2, $3)', [
    ...[evaluationId, 'scores.csv', (await file(`participant\n${LEAVER}\n${STAYER}\n`, 'text/csv')).id],
  ]);
  return { leaver, stayer, batchId, studyId, sessionId, evaluationId };
}

export function filterOf(oaiIds: readonly string[]): object {
  return { participant: { oaiId: { in: oaiIds } } };
}
