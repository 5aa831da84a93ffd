/**
 * The inference process: loads one bundle, and beside it one knee detector and one backbone of a metric, keeps them, answers one call at a time. ONNX Runtime
 * blocks its thread while a graph runs, so nothing else lives here. It ends when its parent does (the IPC channel closes).
 */
import { getPriority, setPriority } from 'node:os';
import { UserError } from '../domain/errors.js';
import { lookAt } from './backbone.js';
import { openGraph } from './backend.js';
import type { Graph } from './backend.js';
import { reasonOf } from './bundles/graph-checks.js';
import { loadBundle } from './bundles/load.js';
import type { LoadedBundle } from './bundles/load.js';
import type { Task } from './bundles/manifest.js';
import { expectTask } from './bundles/read.js';
import { findKnees } from './knee-detector.js';
import { packError } from './protocol.js';
import type { ChildMessage, ChildSettings, FinalMessage, ParentMessage, Slot } from './protocol.js';
import { generateVolume } from './volume.js';

const settings = JSON.parse(process.argv[2]!) as ChildSettings;

// Before ONNX Runtime starts its threads: they inherit it, and the processes that answer people go first.
// Going back up would need privileges.
setPriority(Math.max(settings.niceness, getPriority()));

const loaded: Partial<Record<Exclude<Slot, 'backbone'>, { dir: string; bundle: Promise<LoadedBundle<Task>> }>> = {};
let backbone: Graph | undefined;
let current: { id: number; abort: AbortController; taken?: () => void } | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ParentMessage) => {
  switch (message.kind) {
    case 'describe':
      return void answer(message.id, () => describe(message.id, message.bundleDir));
    case 'generate':
      return void answer(message.id, (signal) => generate(message, signal));
    case 'detectKnees':
      return void answer(message.id, () => detectKnees(message));
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

async function describe(id: number, bundleDir: string): Promise<FinalMessage> {
  const { dir, manifest, sha256, device } = await openBundle('bundle', bundleDir);
  return { kind: 'described', id, description: { dir, manifest, sha256, device } };
}

async function generate(
  { id, request }: Extract<ParentMessage, { kind: 'generate' }>,
  signal: AbortSignal,
): Promise<FinalMessage> {
  const bundle = await openBundle('bundle', request.bundleDir);
  expectTask(bundle, 'xray-to-mri');
  const summary = await generateVolume(bundle as LoadedBundle, request, {
    signal,
    onStep: (progress) => send({ kind: 'step', id, progress }),
    onRun: (run) => send({ kind: 'ran', id, run }),
    onSlices: (slices) =>
      new Promise((resolve, reject) => {
        current!.taken = resolve;
        signal.addEventListener('abort', reject, { once: true });
        send({ kind: 'slices', id, slices });
      }),
  });
  return { kind: 'generated', id, summary, memory: process.memoryUsage.rss() };
}

async function detectKnees({
  id,
  bundleDir,
  film,
}: Extract<ParentMessage, { kind: 'detectKnees' }>): Promise<FinalMessage> {
  const bundle = await openBundle('kneeDetector', bundleDir);
  expectTask(bundle, 'knee-detection');
  return { kind: 'kneesDetected', id, knees: await findKnees(bundle as LoadedBundle<'knee-detection'>, film) };
}

async function look({ id, file, images }: Extract<ParentMessage, { kind: 'look' }>): Promise<FinalMessage> {
  try {
    // Networks of metrics are used now and then, and not worth probing devices for.
    backbone ??= await openGraph(file, { device: 'cpu', threads: settings.threads });
  } catch (cause) {
    throw new UserError('FILE_REFUSED', `${file} is no graph that ONNX Runtime can load (${reasonOf(cause)}).`, {
      cause,
    });
  }
  return { kind: 'looked', id, output: await lookAt(backbone, file, images) };
}

/** The one bundle of a slot of this process: kept between calls, forgotten when loading it failed. */
function openBundle(slot: Exclude<Slot, 'backbone'>, dir: string): Promise<LoadedBundle<Task>> {
  const known = loaded[slot];
  if (known && known.dir !== dir)
    throw new Error(`This process holds another ${slot}; its owner starts a new process.`);
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
