import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism, constants, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import type { FloatTensor } from './backend.js';
import type { DeviceChoice } from './devices.js';
import { taskIn } from './bundles/manifest.js';
import type { CommonManifest } from './manifest-parts.js';
import { InferenceProcess } from './inference-process.js';
import type { RunHooks } from './inference-process.js';
import type { BundleDescription, ChildSettings, FinalMessage, Slot } from './protocol.js';
import { taskNamed } from './tasks/index.js';
import type { OutputOf, ProgressOf, RequestOf, ResultOf, Task } from './tasks/index.js';
import type { TaskRequest } from './tasks/task.js';

export interface HostOptions {
  /** Default `auto`: the first of cuda, webgpu (if it is faster than the cpu), cpu that runs the bundle. */
  device?: DeviceChoice;
  /** Threads of one operator on the cpu; default: one per core this process may use. */
  threads?: number;
  /** Priority of the process, 0 (normal) to 19 (lowest); default 10, so that an API on the same cores answers first. */
  niceness?: number;
  /** Generations after which {@link InferenceHost.recycle} replaces the process; default 500. */
  recycleAfter?: number;
  /** Memory of the process, bytes, from which on it does so too; default: half of what this machine or container has. */
  memoryLimit?: number;
  /** Added to the child's environment, e.g. `VK_DRIVER_FILES`. */
  env?: Record<string, string>;
}

/** Runs requests of tasks in a child process, so that ONNX Runtime never blocks the caller. */
export interface InferenceHost {
  /**
   * Loads a bundle, checking every graph tensor by tensor.
   *
   * @throws UserError BUNDLE_REFUSED, or UNAVAILABLE for a device that is not usable; InferenceProcessDied
   */
  describe(bundleDir: string): Promise<BundleDescription>;
  /**
   * Loads a bundle and, where its task has a usual request, runs that once: what a device does only once (choosing kernels, taking
   * memory) is then done.
   *
   * @throws as `describe`
   */
  warm(bundleDir: string): Promise<BundleDescription>;
  /**
   * Carries out one request of a task. Calls wait for each other; the bundle is kept beside those of other tasks.
   *
   * @throws UserError BAD_USER_INPUT, BUNDLE_REFUSED (also for a bundle of another task), UNAVAILABLE; the signal's reason; what a
   * hook threw; InferenceProcessDied, after which the next call starts a new process
   */
  run<T extends Task>(
    task: T,
    request: RequestOf<T>,
    hooks?: RunHooks<OutputOf<T>, ProgressOf<T>>,
  ): Promise<ResultOf<T>>;
  /**
   * Runs the graph in `file` on images, one set for each of its inputs; see `openBackbone`. It is kept beside the bundle of the
   * other calls.
   *
   * @returns the first output
   * @throws UserError FILE_REFUSED; InferenceProcessDied
   */
  look(file: string, images: FloatTensor[]): Promise<FloatTensor>;
  /**
   * Replaces the process by a fresh one if it has made its number of generations or has grown past its limit of memory. To be
   * called between generations; the next call loads its bundle anew.
   *
   * @returns whether it did
   */
  recycle(): Promise<boolean>;
  /** Ends the process, at once even in the middle of a generation, whose call then rejects. */
  close(): Promise<void>;
  /** The child's process id; undefined while there is none. */
  readonly pid: number | undefined;
  /** What the process has done since it started. */
  readonly use: ProcessUse;
}

export interface ProcessUse {
  generations: number;
  /** Memory after the last generation, bytes; 0 before the first. */
  memory: number;
}

const RECYCLE_AFTER = 500;

/**
 * Starts the inference process. It keeps the bundle of its last call in memory. A call for another bundle, or for one whose
 * manifest has changed, starts a new process instead of unloading the old graphs (ONNX Runtime does not give all their
 * memory back), and so does a call after the process has died. Close the host when done: it keeps its owner alive.
 */
export async function startInferenceHost(options: HostOptions = {}): Promise<InferenceHost> {
  const settings: ChildSettings = {
    device: options.device ?? 'auto',
    threads: options.threads ?? availableParallelism(),
    niceness: options.niceness ?? constants.priority.PRIORITY_BELOW_NORMAL,
  };
  const recycleAfter = options.recycleAfter ?? RECYCLE_AFTER;
  const memoryLimit = options.memoryLimit ?? availableMemory() / 2;
  const startProcess = () => InferenceProcess.start(settings, options.env ?? {});
  let child: InferenceProcess | undefined = await startProcess();
  let held: Partial<Record<Slot, string>> = {};
  let use: ProcessUse = { generations: 0, memory: 0 };
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();

  const describe = async (bundleDir: string) => {
    const message = await enqueue(undefined, async () => {
      const slot = taskIn(await manifestText(bundleDir)) ?? 'unknown';
      const ready = await processFor(slot, bundleDir);
      return ready.run({ kind: 'describe', slot, bundleDir: resolve(bundleDir) });
    });
    return expectKind(message, 'described').description;
  };
  const run = async (task: Task, request: TaskRequest, hooks: RunHooks) => {
    taskNamed(task).check?.(request);
    const message = await enqueue(hooks.signal, async () => {
      const ready = await processFor(task, request.bundleDir);
      return ready.run({ kind: 'run', task, request: { ...request, bundleDir: resolve(request.bundleDir) } }, hooks);
    });
    return expectKind(message, 'done');
  };

  return {
    describe,
    warm: async (bundleDir) => {
      const description = await describe(bundleDir);
      const { task } = description.manifest;
      const usual = taskNamed(task).usual?.(description.manifest as CommonManifest);
      if (usual) await run(task, { ...usual, bundleDir }, {});
      return description;
    },
    run: async <T extends Task>(task: T, request: RequestOf<T>, hooks = {}) => {
      const { result, memory } = await run(task, request, hooks);
      if (!taskNamed(task).light) use = { generations: use.generations + 1, memory };
      return result as ResultOf<T>;
    },
    recycle: () =>
      enqueue(undefined, async () => {
        const due = use.generations >= recycleAfter || use.memory > memoryLimit;
        if (due) await replace();
        return due;
      }),
    look: async (file, images) => {
      const message = await enqueue(undefined, async () => {
        const ready = await processFor('backbone', file);
        return ready.run({ kind: 'look', file: resolve(file), images });
      });
      return expectKind(message, 'looked').output;
    },
    close: async () => {
      closed = true;
      await child?.stop();
      await queue;
      child = undefined;
    },
    get pid() {
      return child?.alive ? child.pid : undefined;
    },
    get use() {
      return use;
    },
  };

  /** The process to use for a bundle or a backbone: the running one unless it is dead or holds another. */
  async function processFor(slot: Slot, bundleDir: string): Promise<InferenceProcess> {
    const wanted = await bundleKey(bundleDir);
    const holdsAnother = held[slot] !== undefined && held[slot] !== wanted;
    if (closed) throw new Error('The inference host is closed.');
    if (!child?.alive || holdsAnother) child = await replace();
    held[slot] = wanted;
    return child;
  }

  /** Ends the process, if it lives, and starts the next one. */
  async function replace(): Promise<InferenceProcess> {
    if (child?.alive) await child.stop();
    if (closed) throw new Error('The inference host is closed.');
    child = await startProcess();
    held = {};
    use = { generations: 0, memory: 0 };
    if (closed) {
      // Closed while it started: nobody else would end it.
      await child.stop();
      throw new Error('The inference host is closed.');
    }
    return child;
  }

  /** Runs `task` after every task before it; a signal that is aborted meanwhile ends the wait. */
  function enqueue<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const before = queue;
    const result = (async () => {
      await untilAborted(before, signal);
      signal?.throwIfAborted();
      if (closed) throw new Error('The inference host is closed.');
      return task();
    })();
    queue = Promise.allSettled([before, result]);
    return result;
  }
}

/** Resolves when `promise` settles or the signal is aborted, whichever is first. */
async function untilAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return void (await promise);
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  signal.addEventListener('abort', onAbort);
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
}

/** Equal for equal folders with equal manifests. An unreadable manifest has a key too: the child says what is wrong with it. */
async function bundleKey(bundleDir: string): Promise<string> {
  const digest = createHash('sha256').update(await manifestText(bundleDir));
  return `${digest.digest('hex')} ${resolve(bundleDir)}`;
}

/** bundle.json as it is; empty when it cannot be read. */
function manifestText(bundleDir: string): Promise<string> {
  return readFile(join(resolve(bundleDir), 'bundle.json'), 'utf8').catch(() => '');
}

/** Memory of this machine, or of the container that limits it, bytes. */
export function availableMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function expectKind<K extends FinalMessage['kind']>(
  message: FinalMessage,
  kind: K,
): Extract<FinalMessage, { kind: K }> {
  if (message.kind !== kind) throw new Error(`The inference process answered ${message.kind} instead of ${kind}.`);
  return message as Extract<FinalMessage, { kind: K }>;
}
