import type { EventHub } from '../../src/services/batches/event-hub.js';
import type { LoggedEvent } from '../../src/services/generations/index.js';

/** Everything a subscription hands out until it ends. */
export async function collect(events: AsyncIterable<LoggedEvent>): Promise<LoggedEvent[]> {
  const seen: LoggedEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** Waits for the first event that is wanted. */
export async function waitForEvent(
  hub: EventHub,
  generationId: string,
  wanted: (event: LoggedEvent) => boolean,
): Promise<LoggedEvent> {
  for await (const event of hub.subscribe(generationId, 0)) {
    if (wanted(event)) return event;
  }
  throw new Error(`Generation ${generationId} ended without the event that was waited for.`);
}

export function isState(state: string): (event: LoggedEvent) => boolean {
  return (event) => event.type === 'STATE_CHANGED' && event.payload.state === state;
}

/** 1, 2, 3, ..., count. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
