import { useEffect, useEffectEvent, useState } from 'react';
import { useSession } from '../app/session-context.tsx';
import { type Connection, follow, type FollowOptions, type Numbered } from './follow.ts';

interface UseFollowOptions<Event extends Numbered> extends Pick<FollowOptions<Event>, 'document' | 'onEvent'> {
  /** Undefined while nothing is to be followed. */
  id: string | undefined;
  /** The last event that the row holds already; a new one begins anew. */
  after: number | undefined;
  /** The log has ended, or the server refuses to go on with it. */
  onEnd: () => void;
}

/** Follows a log while the component is there. */
export function useFollow<Event extends Numbered>({
  document,
  id,
  after,
  onEvent,
  onEnd,
}: UseFollowOptions<Event>): Connection {
  const { clients } = useSession();
  const [connection, setConnection] = useState<Connection>('live');
  const tell = useEffectEvent(onEvent);
  const end = useEffectEvent(onEnd);
  useEffect(() => {
    if (id === undefined || after === undefined) return;
    setConnection('live');
    return follow(clients, {
      document,
      id,
      after,
      onEvent: (event) => tell(event),
      onConnection: (now) => {
        setConnection(now);
        if (now === 'ended') end();
      },
    });
  }, [clients, document, id, after]);
  return connection;
}
