import { Presets, SingleBar } from 'cli-progress';

/** A line that shows how far something is: a bar on a terminal, nothing elsewhere (logs keep to the summary lines). */
export interface Progress {
  start(total: number, note?: string): void;
  update(done: number, note?: string): void;
  stop(): void;
}

/** @param label what is being done, e.g. "Generating" */
export function progressBar(label: string): Progress {
  if (!process.stderr.isTTY) return { start: () => undefined, update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { format: `${label} {bar} {value}/{total} {note}`, clearOnComplete: true, hideCursor: true, stopOnComplete: false },
    Presets.shades_classic,
  );
  return {
    start: (total, note = '') => bar.start(total, 0, { note }),
    update: (done, note = '') => bar.update(done, { note }),
    stop: () => bar.stop(),
  };
}
