import { useEffect, useEffectEvent, useState } from 'react';
import type {
  Connection as OpenConnection,
  Kind,
  LogDocument,
  Numbered,
} from '../../../clients/typescript/src/index.ts';
import { useSession } from '../app/session-context.tsx';

/** "polling": no connection stays open in this network, and the row is asked for again and again. */
export type Connection = OpenConnection | 'ended';

interface UseFollowOptions<Event extends Numbered> {
  kind: Exclude<Kind, 'export'>;
  /** What to ask of each event; default: all that the client package asks. */
  document?: LogDocument<Event>;
  /** Undefined while nothing is to be followed. */
  id: string | undefined;
  /** The last event that the row holds already; a new one begins anew. */
  after: number | undefined;
  onEvent: (event: Event) => void;
  /** The row has more than the events that came: the log has ended, or the server refuses to go on with it, or sends no events. */
  onRow: () => void;
}

/** Follows a log while the component is there. */
export function useFollow<Event extends Numbered>({
  kind,
  document,
  id,
  after,
  onEvent,
  onRow,
}: UseFollowOptions<Event>): Connection {
  const { osteograph } = useSession().clients;
  const [connection, setConnection] = useState<Connection>('live');
  const tell = useEffectEvent(onEvent);
  const askAgain = useEffectEvent(onRow);
  useEffect(() => {
    if (id === undefined || after === undefined) return;
    setConnection('live');
    const leaving = new AbortController();
    const { signal } = leaving;
    const follow = async () => {
      const options = { document, after, signal, onConnection: setConnection };
      for await (const update of osteograph.follow(kind, id, options)) {
        if (signal.aborted) return;
        if ('seq' in update) tell(update);
        else askAgain();
      }
    };
    const end = () => {
      if (signal.aborted) return;
      setConnection('ended');
      askAgain();
    };
    // What the server refuses, it says again when it is asked for the row, and there it is shown.
    follow().then(end, end);
    return () => leaving.abort();
  }, [osteograph, kind, document, id, after]);
  return connection;
}
