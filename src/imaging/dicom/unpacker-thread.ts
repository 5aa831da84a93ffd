import { parentPort } from 'node:worker_threads';
import { decodeFrame } from './codecs.js';
import type { PackedFile, UnpackAnswer } from './unpacker.js';

/* Entry point of the thread that runs the codecs. */

parentPort!.on('message', (file: PackedFile) => {
  void unpack(file).then(
    (samples) => answer({ samples }, [samples.buffer]),
    (error: unknown) => answer({ refusal: reasonOf(error) }, []),
  );
});

async function unpack({ frames, coding, shape }: PackedFile): Promise<Uint8Array<ArrayBuffer>> {
  const frameBytes = shape.rows * shape.columns * shape.bytesPerSample;
  const samples = new Uint8Array(frameBytes * frames.length);
  for (const [index, frame] of frames.entries())
    samples.set(await decodeFrame(frame, coding, shape), index * frameBytes);
  return samples;
}

function answer(message: UnpackAnswer, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(message, transfer);
}

/** Codecs throw numbers and objects of their own. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the compressed image is damaged';
}
