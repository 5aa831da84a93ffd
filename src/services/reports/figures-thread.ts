import { parentPort } from 'node:worker_threads';
import { TASKS, type Tasks } from './tasks.js';

/** A thread that does one task after the other; see figures.ts. */
parentPort!.on('message', async ({ id, task, input }: { id: number; task: keyof Tasks; input: never }) => {
  try {
    parentPort!.postMessage({ id, output: await (TASKS[task] as (input: never) => Promise<unknown>)(input) });
  } catch (error) {
    parentPort!.postMessage({ id, error });
  }
});
