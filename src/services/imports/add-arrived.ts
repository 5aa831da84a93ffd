import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { QuarantinedImage } from '../../entities/index.js';
import { type FileSource, readSource } from '../../imaging/source.js';
import type { BlobStore } from '../../storage/index.js';
import { audit, refuseWithdrawn } from '../access/index.js';
import type { Arrival } from './arrival.js';
import { wholeSeries } from './folder-series.js';
import { withImportLock } from './lock.js';
import { Contradiction, keepingContradictions } from './quarantine.js';
import type { Fingerprint } from './remember.js';
import { beginRun, endRun, keepChanges } from './runs.js';
import { emptySummary, type ImageSummary } from './summary.js';
import { type AddedTo, type Adding, writeFilm, writeSeries, type Written } from './write-added.js';

/** How long an image from the network waits for an import that is running, ms: shorter than those who send wait for an answer. */
const LOCK_WAIT_MS = 20_000;

/** The images of one request or one association: one import, which is listed, and undone, as a whole. */
export interface ArrivalRun {
  /**
   * Adds a film.
   *
   * @param file its DICOM file
   * @param uid its SOP Instance UID, by which it is known again
   * @throws Contradiction where it contradicts what it is to be: then it waits in quarantine
   * @throws UserError as `addImages`; UNAVAILABLE while an import goes on
   */
  film(file: FileSource, uid: string, to: AddedTo, arrival: Arrival): Promise<Written>;
  /** Adds the series whose DICOM files a folder holds; @throws as {@link film} */
  series(folder: string, uid: string, to: AddedTo, arrival: Arrival): Promise<Written[]>;
  /** Notes what came of it. */
  end(): Promise<void>;
}

/** @param tokenId who sends; null for a machine that has no token */
export function openArrivalRun(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { tokenId, from }: { tokenId: number | null; from: string },
): ArrivalRun {
  let run: number | undefined;
  const images: ImageSummary = emptySummary('').images;

  async function add(
    to: AddedTo,
    arrival: Arrival,
    write: (manager: EntityManager, options: Adding) => Promise<Written[]>,
  ): Promise<Written[]> {
    const inTransaction = async (manager: EntityManager): Promise<Written[]> => {
      await refuseWithdrawn(manager, to.oaiId);
      await keepChanges(manager, run!);
      return write(manager, { store, forgotten: [], arrival, apart: true });
    };
    images.folders++;
    try {
      const written = await withImportLock(
        dataSource,
        async () => {
          run ??= await beginRun(dataSource.manager, null, from);
          return keepingContradictions(dataSource, () => dataSource.transaction(inTransaction));
        },
        { waitMs: LOCK_WAIT_MS },
      );
      for (const { outcome } of written) images[outcome]++;
      const detail = { ...to, from, outcomes: written.map(({ outcome }) => outcome) };
      await audit(dataSource, { tokenId, action: 'import', target: `${to.oaiId} ${to.visit}`, detail });
      return written;
    } catch (error) {
      images.refused++;
      if (error instanceof Contradiction) await auditHeld(error);
      throw error;
    }
  }

  async function auditHeld({ candidate }: Contradiction): Promise<void> {
    const { contentSha256, oaiId, visit, contradictions } = candidate;
    for (const contradiction of contradictions) {
      const held = await dataSource
        .getRepository(QuarantinedImage)
        .findOneByOrFail({ contentSha256, oaiId, visit, contradiction });
      const detail = { visit, from, contradiction };
      await audit(dataSource, { tokenId, action: 'import.quarantined', target: String(held.id), detail });
    }
  }

  return {
    async film(file, uid, to, arrival) {
      const { bytes } = await readSource(file);
      const fingerprint = known(uid, bytes.length, createHash('sha256').update(bytes).digest('hex'));
      const [written] = await add(to, arrival, async (manager, options) => [
        await writeFilm(manager, file, to, fingerprint, options),
      ]);
      return written!;
    },
    async series(folder, uid, to, arrival) {
      const hash = createHash('sha256');
      let size = 0;
      for (const file of (await readdir(folder)).sort()) {
        const bytes = await readFile(join(folder, file));
        size += bytes.length;
        hash.update(createHash('sha256').update(bytes).digest());
      }
      const fingerprint = known(uid, size, hash.digest('hex'));
      return add(to, arrival, async (manager, options) =>
        writeSeries(manager, await wholeSeries(folder, arrival.name), to, fingerprint, options),
      );
    },
    async end() {
      if (run !== undefined) await endRun(dataSource.manager, run, { images });
    },
  };
}

/** What an image from the network is remembered by: where its file lay meanwhile says nothing. */
function known(uid: string, bytes: number, sha256: string): Fingerprint {
  return { path: `dicom:${uid}`, bytes, modifiedAt: new Date(), sha256 };
}
