import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { pseudonymousUid } from '../../imaging/deidentification/index.js';
import type { BlobStore } from '../../storage/index.js';
import { uidKey } from '../access/index.js';
import { openArrivalRun, type Written } from '../imports/index.js';
import { applyArrivalRules, type RuleServices } from './apply-rules.js';
import { type Failure, failureOf } from './failures.js';
import { type Claim, OBJECT } from './whose.js';

/** What became of an object: the UIDs that it is kept under, or why it was not taken. */
export type Arrived =
  { kept: { sopClassUid: string; sopInstanceUid: string; studyUid: string; seriesUid: string } } | { failure: Failure };

/** Takes in the objects of one request or one association. */
export interface Arrivals {
  /** Takes in a film. @param file its bytes, or the path of its file, which is left where it is */
  film(claim: Claim, file: Uint8Array | string): Promise<Arrived>;
  /** Sets an object of a series aside until the series is whole. @param file its bytes, or the path of its file, which is moved */
  setAside(claim: Claim, file: Uint8Array | string): Promise<void>;
  /** Takes in the series of which objects were set aside. @returns what became of each object, by its SOP Instance UID as it was sent */
  series(): Promise<Map<string, Arrived>>;
  /** Notes what came of it all; the files that were set aside are gone. */
  end(): Promise<void>;
}

/** Where what came from, for messages, lists and the audit. */
export interface Sender {
  /** Null for a machine that has no token. */
  tokenId: number | null;
  /** E.g. "DICOMweb: operator", "DICOM: PACS1". */
  from: string;
}

/** What arrivals need. */
export interface ArrivalServices {
  dataSource: DataSource;
  store: BlobStore;
  /** What rules make of films is asked for with these. */
  rules: RuleServices;
}

/** @param folder where objects are set aside; it is made, and only its owner may look into it */
export function openArrivals(storage: ArrivalServices, sender: Sender, folder: string): Arrivals {
  const run = openArrivalRun(storage, sender);
  const { dataSource } = storage;
  const aside = new Map<string, { claim: Claim; folder: string; uids: Set<string> }>();

  async function keptAs({ id }: Written, table: 'radiograph' | 'series', uid: string): Promise<Arrived | null> {
    const [row] = await queryRows(
      dataSource,
      KEPT,
      `SELECT study_uid AS "studyUid", series_uid AS "seriesUid", sop_class_uid AS "sopClassUid", instance_uids AS "instanceUids"
       FROM original_object WHERE ${table}_id = $1`,
      [id],
    );
    const sopInstanceUid = pseudonymousUid(await uidKey(dataSource), uid);
    if (!row?.instanceUids.includes(sopInstanceUid)) return null;
    const { studyUid, seriesUid, sopClassUid } = row;
    return { kept: { sopClassUid, sopInstanceUid, studyUid, seriesUid } };
  }

  return {
    async film({ to, doubt, sopInstanceUid, modality }, file) {
      try {
        const source = typeof file === 'string' ? file : { bytes: file, name: OBJECT };
        const written = await run.film(source, sopInstanceUid, to, { name: OBJECT, from: sender.from, doubt });
        await applyArrivalRules(dataSource, storage.rules, { radiographId: written.id, modality });
        return (await keptAs(written, 'radiograph', sopInstanceUid)) ?? NOT_AMONG;
      } catch (error) {
        return { failure: failureOf(error) };
      }
    },
    async setAside(claim, file) {
      const key = digest(JSON.stringify([claim.seriesUid, claim.to, claim.doubt]));
      let series = aside.get(key);
      if (!series) {
        series = { claim, folder: join(folder, key), uids: new Set() };
        aside.set(key, series);
        await mkdir(series.folder, { recursive: true, mode: 0o700 });
      }
      const path = join(series.folder, `${digest(claim.sopInstanceUid)}.dcm`);
      if (typeof file === 'string') await rename(file, path);
      else await writeFile(path, file, { mode: 0o600 });
      series.uids.add(claim.sopInstanceUid);
    },
    async series() {
      const outcomes = new Map<string, Arrived>();
      for (const [key, { claim, folder: path, uids }] of aside) {
        const { to, doubt, seriesUid } = claim;
        try {
          const written = await run.series(path, seriesUid, to, { name: 'The series', from: sender.from, doubt });
          for (const uid of uids) outcomes.set(uid, (await firstKept(written, uid)) ?? NOT_AMONG);
        } catch (error) {
          const failure = failureOf(error);
          for (const uid of uids) outcomes.set(uid, { failure });
        }
        await rm(path, { recursive: true, force: true });
        aside.delete(key);
      }
      return outcomes;
    },
    async end() {
      for (const { folder: path } of aside.values()) await rm(path, { recursive: true, force: true });
      await run.end();
    },
  };

  async function firstKept(written: readonly Written[], uid: string): Promise<Arrived | null> {
    for (const one of written) {
      const kept = await keptAs(one, 'series', uid);
      if (kept) return kept;
    }
    return null;
  }
}

const KEPT = z.object({
  studyUid: z.string(),
  seriesUid: z.string(),
  sopClassUid: z.string(),
  instanceUids: z.array(z.string()),
});

/** An object that came with a series and is no image of it, such as a report. */
const NOT_AMONG: Arrived = {
  failure: { code: 0xc000, message: 'The object is no image of its series and was left out.' },
};

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
