import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../domain/package.js';
import { RADIOGRAPH_VISITS } from '../../domain/visits.js';
import type { VisitCode } from '../../domain/visits.js';
import { writeVisitImages } from './images.js';
import type { ImageFolder, ImageOptions, TruthRow } from './images.js';
import { drawPerson, visitOf } from './people.js';

/** Images that some participants get: what one thread is asked to do. */
export interface ImageWork extends ImageOptions {
  readonly participants: readonly number[];
  readonly visits: readonly VisitCode[];
}

/** What was written for one participant's visit. */
export interface WrittenImages {
  readonly participant: number;
  readonly visit: VisitCode;
  readonly folders: readonly ImageFolder[];
  readonly truth: readonly TruthRow[];
}

/** Writes the images of the participants named, one visit after the other. */
export async function writeImages(work: ImageWork, onWritten: (written: WrittenImages) => void): Promise<void> {
  for (const participant of work.participants) {
    const person = drawPerson(work.seed, participant);
    for (const visit of work.visits.filter((code) => RADIOGRAPH_VISITS.includes(code))) {
      const at = visitOf(work.seed, person, visit, work.changes);
      if (at === null) continue;
      onWritten({ participant, visit, ...(await writeVisitImages(person, at, work)) });
    }
  }
}

/** The same work spread over threads; participants do not depend on each other, so neither do the bytes on the number of threads. */
export async function writeImagesInThreads(
  work: ImageWork,
  threads: number,
  onWritten: (written: WrittenImages) => void,
): Promise<void> {
  const shares = Array.from({ length: Math.min(threads, work.participants.length) }, (_, i) =>
    work.participants.filter((_participant, index) => index % threads === i),
  );
  const workers: Worker[] = [];
  const finished = shares.map(
    (participants) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(compiledModule('oai/synthetic/image-worker'), {
          workerData: { ...work, participants },
        });
        workers.push(worker);
        worker.on('message', onWritten);
        worker.on('error', reject);
        worker.on('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`An image thread ended with code ${code}.`)),
        );
      }),
  );
  try {
    await Promise.all(finished);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Threads used when nobody says how many: more than four make the disk the limit. */
export function defaultThreads(): number {
  return Math.min(4, availableParallelism());
}
