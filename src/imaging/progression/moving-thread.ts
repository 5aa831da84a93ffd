/** The thread in which frames become a moving picture. */
import { parentPort, workerData } from 'node:worker_threads';
import h264 from 'h264-mp4-encoder';
import { encode } from 'modern-gif';

export type MovingPicture = 'gif' | 'mp4';

export interface MovingWork {
  kind: MovingPicture;
  /** RGBA of `side` x `side` pixels each. */
  frames: Uint8Array[];
  side: number;
}

/** Milliseconds that a frame is shown, and the last one, so that it can be looked at. */
const FRAME_MS = 400;
const LAST_MS = 1_600;

/** Frames of a video in a second, and how finely it is quantised: 10 is the best there is, 51 the worst. */
const RATE = 10;
const QUANTISATION = 18;

const work = workerData as MovingWork;
parentPort!.postMessage(work.kind === 'gif' ? await gif(work) : await mp4(work));

async function gif({ frames, side }: MovingWork): Promise<Uint8Array> {
  const file = await encode({
    width: side,
    height: side,
    // Greys, and the colours of the words written on them.
    maxColors: 255,
    frames: frames.map((frame, index) => ({ data: new Uint8ClampedArray(frame), delay: shownFor(index, frames) })),
  });
  return new Uint8Array(file);
}

async function mp4({ frames, side }: MovingWork): Promise<Uint8Array> {
  const encoder = await h264.createH264MP4Encoder();
  Object.assign(encoder, { width: side, height: side, frameRate: RATE, quantizationParameter: QUANTISATION });
  encoder.initialize();
  for (const [index, frame] of frames.entries()) {
    const times = Math.round((shownFor(index, frames) * RATE) / 1000);
    for (let time = 0; time < times; time++) encoder.addFrameRgba(frame);
  }
  encoder.finalize();
  const file = encoder.FS.readFile(encoder.outputFilename);
  encoder.delete();
  return file;
}

function shownFor(index: number, { length }: readonly unknown[]): number {
  return index === length - 1 ? LAST_MS : FRAME_MS;
}
