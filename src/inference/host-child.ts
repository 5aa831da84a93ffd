/**
 * The inference process: loads one bundle of each task and one backbone of a metric, keeps them, answers one call at a time. It knows
 * tasks by their registry alone. ONNX Runtime blocks its thread while a graph runs, so nothing else lives here. It ends when its parent does (the IPC channel closes).
 */
import { getPriority, setPriority } from 'node:os';
import { UserError } from '../domain/errors.js';
import { lookAt } from './backbone.js';
import { openGraph } from './backend.js';
import type { Graph } from './backend.js';
import { reasonOf } from './bundles/graph-checks.js';
import { loadBundle } from './bundles/load.js';
import type { LoadedBundle } from './bundles/load.js';
import { expectTask } from './bundles/read.js';
import { packError } from './protocol.js';
import type { ChildMessage, ChildSettings, FinalMessage, ParentMessage, Slot } from './protocol.js';
import { type Task, taskNamed } from './tasks/index.js';

const settings = JSON.parse(process.argv[2]!) as ChildSettings;

// Before ONNX Runtime starts its threads: they inherit it, and the processes that answer people go first.
// Going back up would need privileges.
setPriority(Math.max(settings.niceness, getPriority()));

const loaded: Partial<Record<Slot, { dir: string; bundle: Promise<LoadedBundle<Task>> }>> = {};
let backbone: Graph | undefined;
let current: { id: number; abort: AbortController; taken?: () => void } | undefined;

// Ctrl-C on a terminal goes to every process of it; what this one computes is ended by its parent, in good order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ParentMessage) => {
  switch (message.kind) {
    case 'describe':
      return void answer(message.id, () => describe(message));
    case 'run':
      return void answer(message.id, (signal) => run(message, signal));
    case 'look':
      return void answer(message.id, () => look(message));
    case 'cancel':
      if (current?.id === message.id) current.abort.abort();
      return;
    case 'taken':
      if (current?.id === message.id) current.taken?.();
      return;
  }
});

send({ kind: 'ready' });

/** Runs one call and sends its only answer: a result, `canceled` or `failed`. */
async function answer(id: number, call: (signal: AbortSignal) => Promise<FinalMessage>): Promise<void> {
  const abort = new AbortController();
  current = { id, abort };
  try {
    send(await call(abort.signal));
  } catch (error) {
    send(abort.signal.aborted ? { kind: 'canceled', id } : { kind: 'failed', id, error: packError(error) });
  } finally {
    current = undefined;
  }
}

async function describe({ id, slot, bundleDir }: Extract<ParentMessage, { kind: 'describe' }>): Promise<FinalMessage> {
  const { dir, manifest, sha256, device } = await openBundle(slot, bundleDir);
  return { kind: 'described', id, description: { dir, manifest, sha256, device } };
}

async function run(
  { id, task, request }: Extract<ParentMessage, { kind: 'run' }>,
  signal: AbortSignal,
): Promise<FinalMessage> {
  const bundle = await openBundle(task, request.bundleDir);
  expectTask(bundle, task);
  const result = await taskNamed(task).run(bundle, request, {
    signal,
    onProgress: (progress) => send({ kind: 'progress', id, progress }),
    onRun: (evaluated) => send({ kind: 'evaluated', id, run: evaluated }),
    onOutputs: (outputs) => untilTaken(id, outputs, signal),
  });
  return { kind: 'done', id, result, memory: process.memoryUsage.rss() };
}

/** Hands on outputs and waits until they are taken. Of a run that is canceled nobody takes any, however late in an evaluation that came. */
async function untilTaken(id: number, outputs: unknown[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = (): void => reject(signal.reason as Error);
  current!.taken = resolve;
  signal.addEventListener('abort', cancel, { once: true });
  try {
    send({ kind: 'outputs', id, outputs });
    await promise;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function look({ id, file, images }: Extract<ParentMessage, { kind: 'look' }>): Promise<FinalMessage> {
  try {
    // Networks of metrics are used now and then, and not worth probing devices for.
    backbone ??= await openGraph(file, { device: 'cpu', threads: settings.threads });
  } catch (cause) {
    throw new UserError('FILE_REFUSED', `${file} is not a graph that ONNX Runtime can load (${reasonOf(cause)}).`, {
      cause,
    });
  }
  return { kind: 'looked', id, output: await lookAt(backbone, file, images) };
}

/** The one bundle of a slot of this process: kept between calls, forgotten when loading it failed. */
function openBundle(slot: Slot, dir: string): Promise<LoadedBundle<Task>> {
  const known = loaded[slot];
  if (known && known.dir !== dir)
    throw new Error(`This process holds another bundle for ${slot}; its owner starts a new process.`);
  if (known) return known.bundle;
  const bundle = loadBundle(dir, settings);
  loaded[slot] = { dir, bundle };
  bundle.catch(() => delete loaded[slot]);
  return bundle;
}

function send(message: ChildMessage): void {
  // A parent that is gone closes the channel; `disconnect` then ends this process.
  if (process.connected) process.send!(message, () => undefined);
}
