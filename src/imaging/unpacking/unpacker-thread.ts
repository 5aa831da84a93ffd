import { parentPort } from 'node:worker_threads';
import { decodeFrame } from '../dicom/codecs.js';
import { decodePicture } from './picture.js';
import type { PackedFile, UnpackAnswer, UnpackOrder } from './unpacker.js';

/* Entry point of the thread that runs the codecs. */

parentPort!.on('message', (order: UnpackOrder) => {
  const answered = 'picture' in order ? decode(order.picture) : unpack(order);
  void answered
    .catch((error: unknown) => ({ refusal: reasonOf(error) }))
    .then((answer) => parentPort!.postMessage(answer));
});

async function decode(picture: Uint8Array): Promise<UnpackAnswer> {
  return { decoded: await decodePicture(picture, true) };
}

async function unpack({ frames, coding, shape }: PackedFile): Promise<UnpackAnswer> {
  const frameBytes = shape.rows * shape.columns * shape.bytesPerSample;
  const samples = new Uint8Array(frameBytes * frames.length);
  for (const [index, frame] of frames.entries())
    samples.set(await decodeFrame(frame, coding, shape), index * frameBytes);
  return { samples };
}

/** Codecs throw numbers and objects of their own. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the compressed image is damaged';
}
