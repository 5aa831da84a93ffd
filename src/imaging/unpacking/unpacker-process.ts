import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { UnpackAnswer, UnpackOrder } from './unpacker.js';

/*
 * Entry point of the process that unpacks compressed pixels. A thread does the work; this one, which the work cannot block, watches
 * what it takes and ends the process when that is too much, or when its owner has ended.
 */

/** How often memory and processor time are looked at while a file is unpacked, ms. */
const LOOK_MS = 50;

/** Heap of the thread, MB: the codecs' own memory lies outside of it, and so do the pixels. */
const HEAP_MB = 256;

const thread = new Worker(new URL('./unpacker-thread.js', import.meta.url), {
  resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
});
// Whatever its fault: the file is refused by the end of this process.
thread.on('error', () => end());

process.on('disconnect', end);
process.on('message', (order: UnpackOrder) => void unpack(order));

async function unpack(order: UnpackOrder): Promise<void> {
  const { memory, time } = order.limits;
  const before = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    if (user + system >= 1_000 * time) breach(`it takes longer than ${time / 1_000} s`);
    if (process.memoryUsage.rss() > memory)
      breach(`it takes more than ${Math.round(memory / 1024 ** 2)} MiB of memory`);
  };
  look();
  const looking = setInterval(look, LOOK_MS);
  thread.postMessage(order);
  const [answer] = (await once(thread, 'message')) as [UnpackAnswer];
  clearInterval(looking);
  process.send!(answer);
}

function breach(refusal: string): void {
  const answer: UnpackAnswer = { refusal, isBreach: true };
  process.send!(answer, () => end());
}

/** At once: a thread in the midst of a decoder does not hear of anything gentler. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
