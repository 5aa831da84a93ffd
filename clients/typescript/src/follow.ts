import { print } from '@0no-co/graphql.web';
import { OsteographError } from './errors.ts';
import { isOver, type Kind, type Kinds, type LogDocument, LOGS, type Numbered, type Row } from './logs.ts';
import { Silence, type Ways } from './ways.ts';

/** "polling": no connection stays open in this network, and the row is asked for again and again. */
export type Connection = 'live' | 'reconnecting' | 'polling';

export interface FollowOptions<Event extends Numbered> {
  /** The last event that is known already; default 0, from the beginning. */
  after?: number;
  /** Which fields of the events are wanted; default: all that most programs need. */
  document?: LogDocument<Event>;
  /** Ends the following without an error. */
  signal?: AbortSignal;
  /** Told when events begin to come in another way, or none do. */
  onConnection?: (connection: Connection) => void;
}

interface Server {
  ways: Ways;
  /** @throws OsteographError NOT_FOUND when there is none */
  readRow<K extends Kind>(kind: K, id: string): Promise<Kinds[K]['row']>;
}

/** A way is given up after so many failures in a row without ever having worked. */
const GIVE_UP = 2;

/** How often the row is asked for where no connection stays open, ms. */
const POLL_MS = 3_000;

/** The longest pause before another try, ms. */
const LONGEST_PAUSE = 5_000;

/** What passes by itself; everything else that the API says, it would say again. */
const PASSING = ['NETWORK', 'UNAVAILABLE', 'RATE_LIMITED'];

/** Of a proxy, or of a server behind it that is away; any other status without the API's words would come again. */
const PASSING_STATUSES = [408, 425, 502, 503, 504];

/** A fault of the server may pass or not: it is asked so often. */
const PATIENCE = 5;

/** See {@link Osteograph.follow}. */
export async function* followLog<K extends Kind, Event extends Numbered>(
  { ways, readRow }: Server,
  kind: K,
  id: string,
  { after = 0, document, signal, onConnection = () => undefined }: FollowOptions<Event>,
): AsyncGenerator<Event | Kinds[K]['row'], void> {
  const events = document ?? LOGS[kind].events;
  const query = events && print(events);
  let last = after;
  let shown = '';
  let failures = 0;
  let told: Connection | undefined;
  const tell = (connection: Connection) => {
    if (connection !== told) onConnection((told = connection));
  };

  while (!signal?.aborted) {
    const way = query === undefined ? 'poll' : ways.best();
    try {
      if (query === undefined || way === 'poll') {
        const row = await readRow(kind, id);
        if (signal?.aborted) return;
        failures = 0;
        tell(query === undefined ? 'live' : 'polling');
        if (isNews(row)) yield row;
        if (isOver(row)) return;
        await pause(POLL_MS, signal);
        continue;
      }
      for await (const event of ways.open<Event>(way, { query, variables: { id, after: last } }, signal)) {
        failures = 0;
        tell('live');
        if (event.seq <= last) continue;
        last = event.seq;
        yield event;
      }
      return;
    } catch (fault) {
      if (fault instanceof Silence) {
        ways.giveUp(way);
        continue;
      }
      failures += 1;
      if (!(fault instanceof OsteographError)) throw fault;
      // What is in the way of a connection that never worked may not be in the way of the next kind.
      const unproven = query !== undefined && way !== 'poll' && !ways.proven(way);
      if (isFinal(fault, failures, unproven)) throw fault;
      if (fault.code === 'NETWORK' && failures >= GIVE_UP && unproven) {
        ways.giveUp(way);
        failures = 0;
        continue;
      }
      tell('reconnecting');
      await pause(Math.min(250 * 2 ** failures, LONGEST_PAUSE), signal);
    }
  }

  /** A row stands for all events up to its `lastSeq`. */
  function isNews(row: Row): boolean {
    const { lastSeq } = row;
    if (lastSeq === undefined) {
      const text = JSON.stringify(row);
      const changed = text !== shown;
      shown = text;
      return changed;
    }
    if (lastSeq <= last) return false;
    last = lastSeq;
    return true;
  }
}

function isFinal({ code, status }: OsteographError, failures: number, unproven: boolean): boolean {
  if (code === 'INTERNAL_SERVER_ERROR') return failures >= PATIENCE;
  if (code === 'NETWORK' && status !== undefined && !unproven) return !PASSING_STATUSES.includes(status);
  return !PASSING.includes(code);
}

/** Waits so long, or until the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}
