import { type ChildProcess, fork } from 'node:child_process';
import { compiledModule } from '../../domain/package.js';
import { MAX_PIXELS } from '../refuse.js';
import type { FrameShape } from '../dicom/codecs.js';
import type { PixelCoding } from '../dicom/transfer-syntaxes.js';
import type { Picture } from './picture.js';

/** What one file may take to be unpacked. */
export interface UnpackLimits {
  /** Memory of the process that unpacks it, bytes. */
  memory: number;
  /** Processor time for each 16 Mi pixels begun, ms: a film has fewer, and a machine that is busy is no fault of a file. */
  time: number;
}

/** The frames of one file, as they lie in it. */
export interface PackedFile {
  frames: Uint8Array[];
  coding: PixelCoding;
  shape: FrameShape;
}

/** To the child: the frames of a DICOM file or a whole file of a picture, and what it may take. */
export type UnpackOrder = (PackedFile | { picture: Uint8Array }) & { limits: UnpackLimits };

/** From the child: all samples of the file, or what is wrong with it. */
export type UnpackAnswer =
  | { samples: Uint8Array }
  | { decoded: Picture }
  | {
      refusal: string;
      /** The file took more than it may: the process is of no use any more. */
      isBreach?: true;
    };

/** Pixels that the limit of time is for; JPEG 2000, the slowest, took 3 s for so many on a busy machine. */
const TIMED_PIXELS = 16 * 1024 ** 2;

export const UNPACK_LIMITS: UnpackLimits = { memory: 1024 ** 3, time: 10_000 };

/** The process ends itself when a file takes too long; one that says nothing for so much longer is ended from here, ms. */
const GRACE_MS = 60_000;

/** A process that has nothing to do is ended after so long, ms. */
const IDLE_MS = 10_000;

/**
 * Unpacks compressed pixels and pictures in a process of its own, one file after the other. Codecs are large programs in languages without
 * memory safety, and the files come from anywhere: whatever a file does to them ends with that process, which another follows.
 */
export class Unpacker {
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(private readonly limits: UnpackLimits = UNPACK_LIMITS) {}

  /** The process that unpacks, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * @returns little-endian samples, rows x columns for each frame
   * @throws Error with a message that completes "cannot be unpacked: ..."
   */
  async unpack(file: PackedFile): Promise<Uint8Array> {
    const { rows, columns, bytesPerSample } = file.shape;
    const pixels = rows * columns * file.frames.length;
    const answer = await this.#inTurn({ ...file, limits: this.#limitsOf(pixels) });
    if (!('samples' in answer)) throw new Error('it breaks the decoder');
    const { samples } = answer;
    if (samples.length !== pixels * bytesPerSample) {
      throw new Error(`it holds ${samples.length} bytes where ${pixels * bytesPerSample} are needed`);
    }
    // A copy: what comes from a process lies at any address, and samples of 16 bits need an even one.
    return new Uint8Array(samples);
  }

  /**
   * A picture of a kind that {@link isPicture} knows.
   *
   * @throws Error with a message that completes "cannot be unpacked: ..."
   */
  async decode(picture: Uint8Array): Promise<Picture> {
    const answer = await this.#inTurn({ picture, limits: this.#limitsOf(MAX_PIXELS) });
    if (!('decoded' in answer)) throw new Error('it breaks the decoder');
    const { decoded } = answer;
    return { ...decoded, samples: new Uint8Array(decoded.samples) };
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #limitsOf(pixels: number): UnpackLimits {
    const { memory, time } = this.limits;
    return { memory, time: time * Math.ceil(pixels / TIMED_PIXELS) };
  }

  #inTurn(order: UnpackOrder): Promise<Exclude<UnpackAnswer, { refusal: string }>> {
    const answered = this.#last.then(() => this.#answer(order));
    this.#last = answered.catch(() => undefined);
    return answered;
  }

  async #answer(order: UnpackOrder): Promise<Exclude<UnpackAnswer, { refusal: string }>> {
    clearTimeout(this.#idle);
    try {
      // A process may have been ended by somebody else: only a file that ends two is what ends them.
      const answer = (await this.#ask(order)) ?? (await this.#ask(order)) ?? { refusal: 'it breaks the decoder' };
      if ('refusal' in answer) throw new Error(answer.refusal);
      return answer;
    } finally {
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  /** @returns undefined when the process ended without an answer */
  async #ask(order: UnpackOrder): Promise<UnpackAnswer | undefined> {
    const child = (this.#child ??= this.#start());
    const answered = Promise.withResolvers<UnpackAnswer | undefined>();
    const ended = () => answered.resolve(undefined);
    const stuck = setTimeout(() => this.close(), order.limits.time + GRACE_MS);
    child.once('message', answered.resolve).once('exit', ended).once('error', ended);
    child.ref();
    child.channel?.ref();
    child.send(order, (error) => error && ended());
    try {
      const answer = await answered.promise;
      if (!answer || ('isBreach' in answer && answer.isBreach)) this.close();
      return answer;
    } finally {
      clearTimeout(stuck);
      child.off('message', answered.resolve).off('exit', ended).off('error', ended);
      // Neither an idle process nor its end keeps this one.
      child.unref();
      child.channel?.unref();
    }
  }

  #start(): ChildProcess {
    const child = fork(compiledModule('imaging/unpacking/unpacker-process'), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Not the options of whoever tests or profiles us.
      execArgv: [],
    });
    child.on('error', () => undefined);
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }
}

/** One for all files: its process ends when there is nothing to unpack. */
export const unpacker = new Unpacker();
