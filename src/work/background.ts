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
   * Claims the next piece; undefined when there is none. It is to end soon after `stopping` is aborted. A piece may end with a
   * number of ms: the others would fare no better now, and wait so long.
   */
  next(stopping: AbortSignal): Promise<(() => Promise<number | void>) | undefined>;
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
      let pause: number | undefined;
      try {
        for (let work = await next(stop.signal); work; work = await next(stop.signal)) {
          pause = (await work()) ?? undefined;
          if (stop.signal.aborted) return;
          if (pause !== undefined) break;
        }
      } catch (err) {
        if (!stop.signal.aborted) logger.error({ err }, `the ${name} could not be looked after`);
      }
      if (pause !== undefined) await rest(pause);
      else if (!rung) await rest(pollMs);
    }
  }

  async function rest(ms: number): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([stop.signal, over.signal]);
    await Promise.race([once(bell, 'wake', { signal }), delay(ms, undefined, { signal })]).catch(() => undefined);
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
