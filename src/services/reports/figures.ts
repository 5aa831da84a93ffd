import { Worker } from 'node:worker_threads';
import { UserError, type UserErrorCode } from '../../domain/errors.js';
import { compiledModule } from '../../domain/package.js';
import type { Tasks } from './tasks.js';

/** A thread for the work that would keep a server from answering. */
export interface Figures {
  run<Name extends keyof Tasks>(
    task: Name,
    input: Parameters<Tasks[Name]>[0],
  ): Promise<Awaited<ReturnType<Tasks[Name]>>>;
  /** Ends the thread; whatever it is at fails. */
  close(): Promise<void>;
}

interface Done {
  id: number;
  output: never;
  error?: unknown;
  /** What the error says, where it is a fault of the user. */
  fault?: { code: UserErrorCode; message: string };
}

interface Waiting {
  resolve(output: never): void;
  reject(error: unknown): void;
}

/** The thread is started with the first task and ended by `close`; tasks are done in the order they come. */
export function openFigures(): Figures {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let next = 0;

  function start(): Worker {
    const started = new Worker(compiledModule('services/reports/figures-thread'));
    started.on('message', ({ id, output, error, fault }: Done) => {
      const task = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) task?.resolve(output);
      else task?.reject(fault ? new UserError(fault.code, fault.message) : error);
    });
    started.on('error', fail);
    started.on('exit', () => fail(new Error('The thread that draws figures has ended.')));
    return started;
  }

  function fail(error: unknown): void {
    worker = undefined;
    for (const task of waiting.values()) task.reject(error);
    waiting.clear();
  }

  return {
    run(task, input) {
      worker ??= start();
      const id = next++;
      const done = Promise.withResolvers<never>();
      waiting.set(id, done);
      worker.postMessage({ id, task, input });
      return done.promise;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
