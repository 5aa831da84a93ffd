import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { Provider, useQuery } from 'urql';
import { type ApiClients, createClients, sentence } from '../lib/client.ts';
import { graphql, type ResultOf } from '../lib/graphql.ts';
import { forgetToken, keepToken, takeToken } from '../lib/session.ts';
import { ErrorNote } from '../components/notes.tsx';
import { Waiting } from '../components/waiting.tsx';
import { SignIn } from '../views/sign-in/sign-in.tsx';

const VIEWER = graphql(`
  query Viewer {
    viewer {
      name
      role
      expiresAt
      canCount
      canRead
      canGenerate
      canAdminister
    }
  }
`);

export type Viewer = ResultOf<typeof VIEWER>['viewer'];

interface Session {
  viewer: Viewer;
  clients: ApiClients;
  signOut(): void;
}

const SessionContext = createContext<Session | null>(null);

/** Who is here, what they may do, and how to leave. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider around it.');
  return session;
}

/** Asks for a token where there is none, or where the server no longer takes it; the address stays, so that a deep link still works. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(takeToken);
  const [refusal, setRefusal] = useState<string>();
  const leave = useCallback((reason?: string) => {
    forgetToken();
    setToken(null);
    setRefusal(reason);
  }, []);
  const clients = useMemo(() => (token === null ? null : createClients(token, leave)), [token, leave]);
  useEffect(() => () => clients?.osteograph.close(), [clients]);

  if (!clients) {
    const enter = (given: string) => {
      keepToken(given);
      setRefusal(undefined);
      setToken(given);
    };
    return <SignIn refusal={refusal} onToken={enter} />;
  }
  return (
    <Provider value={clients.client}>
      <SignedIn clients={clients} signOut={() => leave()}>
        {children}
      </SignedIn>
    </Provider>
  );
}

function SignedIn({ clients, signOut, children }: Omit<Session, 'viewer'> & { children: ReactNode }) {
  const [{ data, error }, retry] = useQuery({ query: VIEWER });
  const viewer = data?.viewer;
  const session = useMemo(() => (viewer ? { viewer, clients, signOut } : null), [viewer, clients, signOut]);
  if (error && !viewer) {
    return (
      <ErrorNote
        title="Cannot reach the server"
        message={sentence(error)}
        onRetry={() => retry({ requestPolicy: 'network-only' })}
      />
    );
  }
  if (!session) return <Waiting label="Signing in" />;
  return <SessionContext value={session}>{children}</SessionContext>;
}
