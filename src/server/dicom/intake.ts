import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import {
  type Arrivals,
  type Arrived,
  type Claim,
  type Failure,
  FAILURES,
  failureOf,
  openArrivals,
  type RuleServices,
  type StatedOf,
  whoseIs,
} from '../../services/arrivals/index.js';
import type { BlobStore } from '../../storage/index.js';

export interface IntakeOptions {
  dataSource: DataSource;
  store: BlobStore;
  /** What asks for what rules make of films. */
  queue: RuleServices['queue'];
  /** Where objects lie until they are taken in; it holds what hospitals send, as they send it. */
  folder: string;
  /** How long nothing more of a series may have come before it is taken in, ms. */
  quietMs: number;
  /** What the site says of its patients, as it is now. */
  patients: () => Promise<StatedOf>;
  /** Told what became of each object. */
  onOutcome: (outcome: 'taken' | 'waiting' | 'quarantined' | 'refused') => void;
  logger: Logger;
}

/** Takes in what is received, one image at a time. */
export interface Intake {
  /** A path for a file that is about to be received. */
  newPath(): string;
  /**
   * Takes in a received file, which is gone afterwards: a film at once; a slice waits until its series is whole, which no sender says.
   *
   * @returns why it was refused; null where it was not, or not yet
   */
  take(path: string, from: string): Promise<Failure | null>;
  /** Takes in the series that wait. */
  close(): Promise<void>;
}

/** A series of which objects have come. */
interface Waiting {
  arrivals: Arrivals;
  timer: NodeJS.Timeout;
  folder: string;
  from: string;
}

/** After so long a series is tried again that could not be taken in because something here went wrong, ms. */
const RETRY_MS = 60_000;

/** In the folder of a series: who sent it, for the process that finds it after this one. */
const SENDER = 'sender';

/** Opens the intake, with the series that an earlier process had received and not taken in; what it had received in part is gone. */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { dataSource, store, queue, folder, quietMs, patients, onOutcome, logger } = options;
  const storage = { dataSource, store, rules: { queue, logger } };
  const [incoming, series] = [join(folder, 'incoming'), join(folder, 'series')];
  await rm(incoming, { recursive: true, force: true });
  for (const path of [folder, incoming, series]) await mkdir(path, { recursive: true, mode: 0o700 });
  const waiting = new Map<string, Waiting>();
  let last: Promise<unknown> = Promise.resolve();

  /** Images wait here for each other, and not for the import lock, at which each would hold a connection. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  function tell(arrived: Arrived, from: string): Failure | null {
    if ('kept' in arrived) {
      onOutcome('taken');
      logger.info({ from, sopInstanceUid: arrived.kept.sopInstanceUid }, 'a DICOM object was taken in');
      return null;
    }
    const { failure } = arrived;
    onOutcome(failure.code === FAILURES.IN_QUARANTINE ? 'quarantined' : 'refused');
    logger.warn({ from, code: failure.code, reason: failure.message }, 'a DICOM object was not taken in');
    return failure;
  }

  async function takeFilm(claim: Claim, path: string, from: string): Promise<Failure | null> {
    const arrivals = openArrivals(storage, { tokenId: null, from }, incoming);
    try {
      return tell(await arrivals.film(claim, path), from);
    } finally {
      await arrivals.end();
    }
  }

  async function wait(claim: Claim, path: string, from: string): Promise<void> {
    const key = createHash('sha256')
      .update(JSON.stringify([claim.seriesUid, from]))
      .digest('hex')
      .slice(0, 32);
    let found = waiting.get(key);
    if (!found) {
      const own = join(series, key);
      await mkdir(own, { recursive: true, mode: 0o700 });
      await writeFile(join(own, SENDER), from, { mode: 0o600 });
      const arrivals = openArrivals(storage, { tokenId: null, from }, own);
      const timer = setTimeout(() => void inTurn(() => takeSeries(key)), quietMs);
      found = { arrivals, timer, folder: own, from };
      waiting.set(key, found);
    }
    await found.arrivals.setAside(claim, path);
    found.timer.refresh();
    onOutcome('waiting');
  }

  async function takeSeries(key: string): Promise<void> {
    const found = waiting.get(key);
    if (!found) return;
    const { arrivals, timer, folder: own, from } = found;
    waiting.delete(key);
    clearTimeout(timer);
    try {
      for (const arrived of (await arrivals.series()).values()) tell(arrived, from);
      await arrivals.end();
      await rm(own, { recursive: true, force: true });
    } catch (error) {
      logger.error({ err: error, from }, 'a DICOM series could not be taken in; it is tried again');
      waiting.set(key, { ...found, timer: setTimeout(() => void inTurn(() => takeSeries(key)), RETRY_MS).unref() });
    }
  }

  async function take(path: string, from: string): Promise<Failure | null> {
    try {
      const claim = await whoseIs(dataSource, path, await patients());
      if (claim === null) return tell({ failure: NOBODYS }, from);
      if (claim.kind === 'RADIOGRAPH') return await inTurn(() => takeFilm(claim, path, from));
      await wait(claim, path, from);
      return null;
    } catch (error) {
      return tell({ failure: failureOf(error) }, from);
    } finally {
      await rm(path, { force: true });
    }
  }

  // In turn: a series is taken in once all that is left of it is found.
  await inTurn(async () => {
    for (const left of await readdir(series)) {
      const own = join(series, left);
      const from = await readFile(join(own, SENDER), 'utf8').catch(() => 'DICOM: an earlier process');
      for (const entry of await readdir(own, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.endsWith('.dcm')) continue;
        const path = join(incoming, randomUUID());
        await rename(join(entry.parentPath, entry.name), path);
        await take(path, from);
      }
    }
  });
  return {
    newPath: () => join(incoming, randomUUID()),
    take,
    async close() {
      await Promise.all([...waiting.keys()].map((key) => inTurn(() => takeSeries(key))));
      await last;
    },
  };
}

const NOBODYS: Failure = {
  code: FAILURES.NOT_UNDERSTOOD,
  message: 'PatientID is no participant, and no line of the file of patients.',
};
