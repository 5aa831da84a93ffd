import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DICOM_FOLDER, openSeries, type OpenSeries } from '../imaging/series/index.js';
import { type DeviceChoice, type InferenceHost, startInferenceHost } from '../inference/index.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';

/** What the commands that make a series of a series share. */
export interface SeriesWork {
  /** How the line of progress begins, e.g. "Super-resolving". */
  label: string;
  /** The series: a folder of DICOM files or a NIfTI file. */
  path: string;
  device: DeviceChoice;
  threads?: number | undefined;
}

/** What such work is done with. */
export interface SeriesTools {
  series: OpenSeries;
  /** What files call the series that they were made from. */
  from: string;
  /** What tells it from every other series: its UID, or the digest of its file. */
  identity: string;
  host: InferenceHost;
  signal: AbortSignal;
  /** Has what was opened closed at the end. */
  keep<T extends { close(): Promise<void> }>(opened: T): T;
  /** Told how many slices were looked through, and then how many were made; a signal ends the work here at the latest. */
  looked(done: number): void;
  made(done: number): void;
}

/**
 * Opens a series and an inference process, does the work, and closes both. Ctrl-C ends it in good order.
 *
 * @param plan looks through the series and gives what makes and writes it: the process is started in between
 * @returns what that gives, and how long all took, s
 */
export async function workOnSeries<Plan, Result>(
  { label, path, device, threads }: SeriesWork,
  plan: (tools: Omit<SeriesTools, 'host'>) => Promise<Plan>,
  make: (plan: Plan, tools: SeriesTools) => Promise<Result>,
): Promise<{ result: Result; seconds: string }> {
  using stop = stopOnSignal('Stopped; nothing was written.');
  const { signal } = stop;
  const bar = progressBar(label);
  const began = performance.now();
  try {
    await using stack = new AsyncDisposableStack();
    const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
      stack.defer(() => opened.close());
      return opened;
    };
    const series = keep(await openSeries(path));
    bar.start(2 * series.slices, 'slices, looking');
    const tools = {
      ...{ series, signal, keep, from: series.dicom?.seriesUid ?? basename(path) },
      identity: series.dicom?.seriesUid ?? (await digestOf(path)),
      looked(done: number) {
        signal.throwIfAborted();
        bar.update(done, 'slices, looking');
      },
      made: (done: number) => bar.update(series.slices + done, 'slices'),
    };
    const planned = await plan(tools);
    const host = keep(await startInferenceHost({ device, ...(threads === undefined ? {} : { threads }) }));
    const result = await make(planned, { ...tools, host });
    return { result, seconds: ((performance.now() - began) / 1000).toFixed(1) };
  } catch (error) {
    // Whatever else fails while the work is being stopped, fails because of that.
    signal.throwIfAborted();
    throw error;
  } finally {
    bar.stop();
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Names the files that were written. */
export function reportFiles(out: string, nifti: string): void {
  console.log(`  ${join(out, nifti)}\n  ${join(out, DICOM_FOLDER)}/`);
}
