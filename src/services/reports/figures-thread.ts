import { parentPort } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { TASKS, type Tasks } from './tasks.js';

/** A thread that does one task after the other; see figures.ts. */
parentPort!.on('message', async ({ id, task, input }: { id: number; task: keyof Tasks; input: never }) => {
  try {
    parentPort!.postMessage({ id, output: await (TASKS[task] as (input: never) => Promise<unknown>)(input) });
  } catch (error) {
    // A copied error is of no class of ours any more.
    const fault = error instanceof UserError ? { code: error.code, message: error.message } : undefined;
    parentPort!.postMessage({ id, error, fault });
  }
});
