import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { type Side, SIDES } from '../../domain/participants.js';
import { Participant, queryRows, Visit } from '../../entities/index.js';
import { refuseFile } from '../../imaging/refuse.js';
import { type LetGo, removeForgotten } from '../../storage/index.js';
import { audit, refuseWithdrawn } from '../access/index.js';
import type { VisitKey } from './exam-registry.js';
import { wholeSeries } from './folder-series.js';
import type { ImageOutcome } from './import-folder.js';
import { withImportLock } from './lock.js';
import { keepingContradictions } from './quarantine.js';
import { fingerprintFile, fingerprintFolder, type Recalled } from './remember.js';
import { type WithdrawnArchives, withdrawUnredacted } from './redactions.js';
import { beginRun, endRun, keepChanges } from './runs.js';
import { emptySummary, type ImageSummary } from './summary.js';
import { type AddedTo, type Adding, headerOf, writeFilm, writeSeries } from './write-added.js';

export type { AddedTo };

export interface AddOptions extends Omit<Adding, 'forgotten' | 'arrival'> {
  /** Make the participant and the visit if they are not there. */
  create?: boolean;
}

/** What was added: one outcome per image. */
export interface Added {
  kind: 'radiograph' | 'series';
  outcomes: ImageOutcome[];
  /** Archives of exports that might show what was redacted; absent where nothing of an image that was there before was redacted. */
  archives?: WithdrawnArchives;
}

/** Modality of the files that are MRI; every other grey image of a single file is taken for a radiograph. */
const MR = 'MR';

/**
 * Adds images from outside a release to an exam: a radiograph (DICOM, PNG, TIFF or JPEG file) or the folder of a DICOM series, in one
 * transaction. An image is known by its UID and its content, wherever its file lies: adding it again changes nothing, and a corrected
 * file replaces what it was unless something was made from that. Where an image that was there before is redacted, archives that may show what
 * it was are taken back.
 *
 * @throws UserError NOT_FOUND without the path, the participant or the visit, FILE_REFUSED for a file that cannot be used or
 *   whose image is somebody else's, CONFLICT for a participant who has withdrawn
 */
export async function addImages(
  dataSource: DataSource,
  path: string,
  to: AddedTo,
  options: AddOptions,
): Promise<Added> {
  const real = await realpath(path).catch(() => null);
  if (real === null) throw new UserError('NOT_FOUND', `There is no ${path}.`);
  const isFolder = (await stat(real)).isDirectory();
  const forgotten: LetGo[] = [];
  const added = await withImportLock(dataSource, () =>
    keepingContradictions(dataSource, () =>
      dataSource.transaction(async (manager) => {
        await refuseWithdrawn(manager, to.oaiId);
        if (!options.create) await assertKnown(manager, to);
        const run = await beginRun(manager, null);
        await keepChanges(manager, run);
        const done = await (isFolder ? addFolder : addFile)(manager, real, to, { ...options, forgotten });
        await endRun(manager, run, { images: imagesOf(done) });
        if (!options.redact || done.outcomes.every((outcome) => outcome === 'inserted')) return done;
        const { archives, files } = await withdrawUnredacted(manager, options.store, to.oaiId);
        forgotten.push(...files);
        return { ...done, archives };
      }),
    ),
  );
  await removeForgotten(dataSource, options.store, forgotten);
  // Not the path: it is the host's, and may name a patient.
  const target = `${to.oaiId} ${to.visit}`;
  await audit(dataSource, { tokenId: null, action: 'import', target, detail: { ...to, ...added } });
  return added;
}

/** What is listed of images that were added by hand: not whose they are. */
function imagesOf({ outcomes }: Added): ImageSummary {
  const images = emptySummary('').images;
  for (const outcome of outcomes) images[outcome]++;
  return { ...images, folders: 1 };
}

async function assertKnown(manager: EntityManager, { oaiId, visit }: VisitKey): Promise<void> {
  const hint = 'import its tables first, or say --create';
  const participant = await manager.findOneBy(Participant, { oaiId });
  if (!participant) throw new UserError('NOT_FOUND', `Participant ${oaiId} is not in the database; ${hint}.`);
  const known = await manager.existsBy(Visit, { participantId: participant.id, code: visit });
  if (!known) throw new UserError('NOT_FOUND', `Participant ${oaiId} has no visit ${visit} in the database; ${hint}.`);
}

async function addFile(manager: EntityManager, path: string, to: AddedTo, options: Adding): Promise<Added> {
  const { fingerprint, recalled } = await fingerprintFile(manager, path);
  if (recalled && !options.redact && (await isStillThere(manager, recalled, to))) {
    return { kind: 'radiograph', outcomes: ['unchanged'] };
  }
  if ((await headerOf(path))?.modality === MR) {
    refuseFile(basename(path), `is one slice of an MRI series; give the folder of the series, ${dirname(path)}`);
  }
  return { kind: 'radiograph', outcomes: [(await writeFilm(manager, path, to, fingerprint, options)).outcome] };
}

async function addFolder(manager: EntityManager, path: string, to: AddedTo, options: Adding): Promise<Added> {
  const { fingerprint, files, recalled } = await fingerprintFolder(manager, path, basename(path));
  if (recalled && !options.redact && (await isStillThere(manager, recalled, to))) {
    return { kind: 'series', outcomes: (recalled.became.seriesIds ?? []).map(() => 'unchanged') };
  }
  const series = await wholeSeries(path, basename(path));
  const first = series[0]!;
  if (first.attributes.modality !== null && first.attributes.modality !== MR) {
    if (files.length > 1)
      refuseFile(basename(path), `holds ${files.length} ${first.attributes.modality} files; give one of them`);
    const [file] = first.files;
    return { kind: 'radiograph', outcomes: [(await writeFilm(manager, file!.path, to, fingerprint, options)).outcome] };
  }
  const written = await writeSeries(manager, series, to, fingerprint, options);
  return { kind: 'series', outcomes: written.map(({ outcome }) => outcome) };
}

/** True when what a path became is still in the database, and with the same participant, visit and side. */
async function isStillThere(
  manager: EntityManager,
  { became }: Recalled,
  { oaiId, visit, side }: AddedTo,
): Promise<boolean> {
  const [table, ids, visitId] = became.radiographId
    ? ['radiograph', [became.radiographId], 'COALESCE(i.visit_id, e.visit_id)']
    : ['mri_series', became.seriesIds ?? [], 'e.visit_id'];
  const found = await queryRows(
    manager,
    z.object({ side: z.enum(SIDES).nullable() }),
    `SELECT e.side FROM ${table} i LEFT JOIN knee_exam e ON e.id = i.exam_id
     JOIN visit v ON v.id = ${visitId} JOIN participant p ON p.id = v.participant_id
     WHERE i.id = ANY($1) AND p.oai_id = $2 AND v.code = $3`,
    [ids, oaiId, visit],
  );
  const sameSide = (row: { side: Side | null }): boolean =>
    row.side === (side ?? null) || (table === 'mri_series' && !side);
  return found.length > 0 && found.length === ids.length && found.every(sameSide);
}
