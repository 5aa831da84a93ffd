import { CloseCode } from 'graphql-ws';
import type { TypedDocumentNode } from 'urql';
import { stringifyDocument } from 'urql';
import type { ApiClients } from './client.ts';

/** One line of a log that the API streams: numbered 1, 2, 3, ... without a gap. */
export interface Numbered {
  seq: number;
}

export type Connection = 'live' | 'reconnecting' | 'ended';

export interface FollowOptions<Event extends Numbered> {
  /** A subscription has one field: the event. */
  document: TypedDocumentNode<Record<string, Event>, { id: string; after: number }>;
  id: string;
  /** The last event that is drawn already. */
  after: number;
  onEvent: (event: Event) => void;
  onConnection: (connection: Connection, fault?: string) => void;
}

/**
 * Follows a log to its end through whatever breaks: after a lost connection it subscribes again with the last number it has seen,
 * so nothing is missed and nothing comes twice. Returns what stops it.
 */
export function follow<Event extends Numbered>(
  { socket }: ApiClients,
  { document, id, after, onEvent, onConnection }: FollowOptions<Event>,
): () => void {
  const query = stringifyDocument(document);
  let last = after;
  let tries = 0;
  let stopped = false;
  let unsubscribe: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = () => {
    unsubscribe = socket.subscribe<Record<string, Event>>(
      { query, variables: { id, after: last } },
      {
        next: ({ data, errors }) => {
          if (errors?.[0]) return finish(errors[0].message);
          const [event] = Object.values(data ?? {});
          if (!event) return;
          if (tries > 0 || last === after) onConnection('live');
          tries = 0;
          last = event.seq;
          onEvent(event);
        },
        error: (fault) => {
          // The server refuses the subscription itself: asking again would not help.
          if (Array.isArray(fault)) return finish((fault[0] as { message: string } | undefined)?.message);
          if ((fault as CloseEvent).code === CloseCode.Forbidden)
            return finish('The server no longer accepts this token.');
          again();
        },
        complete: () => finish(),
      },
    );
  };
  const again = () => {
    if (stopped) return;
    tries += 1;
    onConnection('reconnecting');
    timer = setTimeout(start, Math.min(250 * 2 ** tries, 5_000));
  };
  const finish = (fault?: string) => {
    if (stopped) return;
    stopped = true;
    onConnection('ended', fault);
  };
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe?.();
  };
}
