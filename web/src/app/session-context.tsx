import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { Provider, useQuery } from 'urql';
import { type ApiClients, createClients, sentence } from '../lib/client.ts';
import { graphql, type ResultOf } from '../lib/graphql.ts';
import { comesBack, finishSignIn, leaveProvider } from '../lib/provider.ts';
import { currentToken, forget, keep, type Kept, renewalTime, takeKept } from '../lib/session.ts';
import { ErrorNote } from '../components/notes.tsx';
import { Waiting } from '../components/waiting.tsx';
import { SignIn } from '../views/sign-in/sign-in.tsx';

const VIEWER = graphql(`
  query Viewer {
    viewer {
      id
      name
      role
      expiresAt
      canCount
      canRead
      canSeeImages
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

/** Asks people to sign in where nobody is here, or where the server no longer takes their token; the address stays, so that a deep link still works. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [arriving, setArriving] = useState(comesBack);
  const [kept, setKept] = useState(() => (comesBack() ? null : takeKept()));
  const [refusal, setRefusal] = useState<string>();
  const enter = useCallback((given: Kept) => {
    keep(given);
    setRefusal(undefined);
    setKept(given);
  }, []);
  const leave = useCallback((left: Kept, reason?: string) => {
    forget(left);
    setKept((now) => (now === left ? null : now));
    setRefusal(reason);
  }, []);
  useEffect(() => {
    if (!arriving) return;
    finishSignIn()
      .then(
        (person) => enter({ person }),
        (error: Error) => setRefusal(error.message),
      )
      .finally(() => setArriving(false));
  }, [arriving, enter]);
  const clients = useMemo(
    () =>
      kept === null
        ? null
        : createClients(
            () => currentToken(kept),
            (reason) => leave(kept, reason),
          ),
    [kept, leave],
  );
  useEffect(() => () => clients?.osteograph.close(), [clients]);

  if (arriving) return <Waiting label="Signing in" />;
  if (!kept || !clients) return <SignIn refusal={refusal} onToken={(token) => enter({ token })} />;
  const signOut = () => {
    leave(kept);
    if ('person' in kept) leaveProvider(kept.person).catch((error: Error) => setRefusal(error.message));
  };
  return (
    <Provider value={clients.client}>
      <SignedIn clients={clients} signOut={signOut}>
        {children}
      </SignedIn>
    </Provider>
  );
}

function SignedIn({ clients, signOut, children }: Omit<Session, 'viewer'> & { children: ReactNode }) {
  const [{ data, error }, retry] = useQuery({ query: VIEWER });
  useRenewal(clients);
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

/** Signed addresses of images end with the last token that the server has seen: it is shown each new one, also while nothing is asked. */
function useRenewal({ client }: ApiClients): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const plan = () => {
      const at = renewalTime();
      if (at === undefined) return;
      timer = setTimeout(
        () => void client.query(VIEWER, {}, { requestPolicy: 'network-only' }).toPromise().then(plan),
        // After a failure not at once again.
        Math.max(at - Date.now(), 5_000),
      );
    };
    plan();
    return () => clearTimeout(timer);
  }, [client]);
}
