/**
 * The inference process: loads one bundle, keeps it, generates one volume at a time. ONNX Runtime blocks its thread while a
 * graph runs, so nothing else lives here. It ends when its parent does (the IPC channel closes).
 */
import { getPriority, setPriority } from 'node:os';
import { loadBundle } from './bundles/load.js';
import type { LoadedBundle } from './bundles/load.js';
import { packError } from './protocol.js';
import type { ChildMessage, ChildSettings, FinalMessage, ParentMessage } from './protocol.js';
import { generateVolume } from './volume.js';

const settings = JSON.parse(process.argv[2]!) as ChildSettings;

// Before ONNX Runtime starts its threads: they inherit it, and the processes that answer people go first.
// Going back up would need privileges.
setPriority(Math.max(settings.niceness, getPriority()));

let loaded: { dir: string; bundle: Promise<LoadedBundle> } | undefined;
let current: { id: number; abort: AbortController; taken?: () => void } | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ParentMessage) => {
  switch (message.kind) {
    case 'describe':
      return void answer(message.id, () => describe(message.id, message.bundleDir));
    case 'generate':
      return void answer(message.id, (signal) => generate(message, signal));
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
  const { dir, manifest, sha256, device } = await openBundle(bundleDir);
  return { kind: 'described', id, description: { dir, manifest, sha256, device } };
}

async function generate(
  { id, request }: Extract<ParentMessage, { kind: 'generate' }>,
  signal: AbortSignal,
): Promise<FinalMessage> {
  const bundle = await openBundle(request.bundleDir);
  const summary = await generateVolume(bundle, request, {
    signal,
    onStep: (progress) => send({ kind: 'step', id, progress }),
    onSlices: (slices) =>
      new Promise((resolve, reject) => {
        current!.taken = resolve;
        signal.addEventListener('abort', reject, { once: true });
        send({ kind: 'slices', id, slices });
      }),
  });
  return { kind: 'generated', id, summary };
}

/** The one bundle of this process: kept between calls, forgotten when loading it failed. */
function openBundle(dir: string): Promise<LoadedBundle> {
  if (loaded && loaded.dir !== dir)
    throw new Error('This process holds another bundle; its owner starts a new process.');
  if (!loaded) {
    loaded = { dir, bundle: loadBundle(dir, settings) };
    loaded.bundle.catch(() => (loaded = undefined));
  }
  return loaded.bundle;
}

function send(message: ChildMessage): void {
  // A parent that is gone closes the channel; `disconnect` then ends this process.
  if (process.connected) process.send!(message, () => undefined);
}
