import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Work that a process does one piece after the other, beside whatever else it does. */
export interface BackgroundWork {
  /** There is something to do; without this it is found at the next look. */
  wake(): void;
  /** Interrupts what is being done and stops. */
  close(): Promise<void>;
}

export interface BackgroundOptions {
  /** What is looked after, for the log. */
  name: string;
  logger: Logger;
  /** How often to look without being woken, ms. */
  pollMs: number;
  /**
   * Claims the next piece; undefined when there is none. It is to end soon after `stopping` is aborted. A piece that ends with REST
   * says that the others would fare no better now: they wait for the next look.
   */
  next(stopping: AbortSignal): Promise<(() => Promise<void | 'REST'>) | undefined>;
}

/** Starts to work. An error is logged and ends no more than the piece it comes from. */
export function startBackground({ name, logger, pollMs, next }: BackgroundOptions): BackgroundWork {
  const stop = new AbortController();
  const bell = new EventTarget();
  let rung = false;
  const running = loop();

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      rung = false;
      try {
        for (let work = await next(stop.signal); work; work = await next(stop.signal)) {
          const advice = await work();
          if (stop.signal.aborted) return;
          if (advice === 'REST') break;
        }
      } catch (err) {
        if (!stop.signal.aborted) logger.error({ err }, `the ${name} could not be looked after`);
      }
      if (!rung) await rest();
    }
  }

  async function rest(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([stop.signal, over.signal]);
    await Promise.race([once(bell, 'wake', { signal }), delay(pollMs, undefined, { signal })]).catch(() => undefined);
    over.abort();
  }

  return {
    wake() {
      rung = true;
      bell.dispatchEvent(new Event('wake'));
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

export interface Heartbeats {
  /** @returns false when the work is another process's, or nobody's, by now */
  beat(): Promise<boolean>;
  onLost(): void;
  /** One that failed; the next may not. */
  onError(err: unknown): void;
}

/** How often a process says that it is still at a piece of work, ms. */
const HEARTBEAT_MS = 1_000;

/** Says so until `ended` is aborted. */
export async function keepBeating(ended: AbortSignal, { beat, onLost, onError }: Heartbeats): Promise<void> {
  while (!ended.aborted) {
    await delay(HEARTBEAT_MS, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    try {
      if (!(await beat())) onLost();
    } catch (err) {
      onError(err);
    }
  }
}
