/**
 * The thread that reads films for people who wait: decodes the film, finds the knee, runs the grader. It owns an inference process of
 * its own, so that a reading never waits behind volumes, and keeps it for a while.
 */
import { parentPort } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import type { KneeReading } from '../../domain/film-readings.js';
import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { FilmView } from '../../domain/uploads.js';
import { loadRadiograph, readKnees } from '../../imaging/radiograph/index.js';
import { type InferenceHost, openDetector, openGrader, startInferenceHost } from '../../inference/index.js';

/** A knee to read. */
export interface ReadingWork {
  bytes: Uint8Array;
  /** What messages call the film. */
  name: string;
  pixelSpacing: number | null;
  view: FilmView | undefined;
  side: Side;
  box: SquareBox | null;
  /** Folder and digest of the grader, as it was registered. */
  grader: { directory: string; sha256: string; name: string };
  /** Folder of the knee detector, where one is needed and there is one. */
  kneeDetector: string | undefined;
}

export type ReadingOutcome =
  | { id: number; reading: KneeReading }
  | { id: number; refusal: Pick<UserError, 'code' | 'message'> }
  | { id: number; failure: string };

/** Threads of one operator: a small network gains nothing from more. */
const THREADS = 2;

/** How long the inference process is kept when nobody asks, ms. */
const IDLE_MS = 600_000;

let host: InferenceHost | undefined;
let idle: NodeJS.Timeout | undefined;
let queue: Promise<unknown> = Promise.resolve();

parentPort!.on('message', (message: 'close' | { id: number; work: ReadingWork }) => {
  queue = queue.then(() => (message === 'close' ? close() : answer(message)));
});

async function answer({ id, work }: { id: number; work: ReadingWork }): Promise<void> {
  clearTimeout(idle);
  parentPort!.postMessage(await outcome(id, work));
  idle = setTimeout(() => (queue = queue.then(closeHost)), IDLE_MS).unref();
}

async function outcome(id: number, work: ReadingWork): Promise<ReadingOutcome> {
  try {
    return { id, reading: await read(work) };
  } catch (error) {
    if (error instanceof UserError) return { id, refusal: { code: error.code, message: error.message } };
    return { id, failure: (error as Error).stack ?? String(error) };
  }
}

async function read(work: ReadingWork): Promise<KneeReading> {
  const { bytes, name, pixelSpacing, view, side, box } = work;
  const stored = await loadRadiograph({ bytes: Buffer.from(bytes), name });
  const film = pixelSpacing === null ? stored : { ...stored, pixelSpacing: [pixelSpacing, pixelSpacing] as const };
  host ??= await startInferenceHost({ device: 'cpu', threads: THREADS, niceness: 0 });
  const grader = await openGrader(host, work.grader.directory);
  if (grader.bundle.sha256 !== work.grader.sha256) {
    throw new UserError(
      'BUNDLE_REFUSED',
      `The bundle in ${work.grader.directory} is not the ${work.grader.name} that was registered: its files have changed; give it a new version.`,
    );
  }
  const detector = work.kneeDetector === undefined ? undefined : await openDetector(host, work.kneeDetector);
  const [reading] = await readKnees(film, { sides: [side], box: box ?? undefined, view, detector, grader });
  return reading!;
}

async function closeHost(): Promise<void> {
  await host?.close();
  host = undefined;
}

async function close(): Promise<void> {
  clearTimeout(idle);
  await closeHost();
  parentPort!.close();
}
