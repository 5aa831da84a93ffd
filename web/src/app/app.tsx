import { type ReactNode, Suspense, useEffect } from 'react';
import { BrowserRouter, Navigate, Route, Routes, useLocation } from 'react-router';
import { EmptyNote } from '../components/notes.tsx';
import { Waiting } from '../components/waiting.tsx';
import { ButtonLink } from '../components/button.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { mayOpen, RIGHT_WORDS, type View, VIEWS } from './navigation.tsx';
import { SessionProvider, useSession } from './session-context.tsx';
import { Shell } from './shell.tsx';

export function App() {
  return (
    <BrowserRouter>
      <SessionProvider>
        <Shell>
          <Contained>
            <Suspense fallback={<Waiting label="Loading" />}>
              <Routes>
                <Route path="/" element={<Navigate to="/cohorts" replace />} />
                {VIEWS.map((view) => (
                  <Route key={view.path} path={view.path} element={<Guarded view={view} />} />
                ))}
                <Route path="*" element={<NotFound />} />
              </Routes>
            </Suspense>
          </Contained>
        </Shell>
      </SessionProvider>
    </BrowserRouter>
  );
}

function Contained({ children }: { children: ReactNode }) {
  const { pathname, search } = useLocation();
  return <ErrorBoundary page={pathname + search}>{children}</ErrorBoundary>;
}

/** A view, or why this viewer cannot have it. */
function Guarded({ view: { title, right, component: View } }: { view: View }) {
  const { viewer } = useSession();
  useEffect(() => {
    document.title = `${title} · Osteograph`;
  }, [title]);
  if (mayOpen(viewer, right)) return <View />;
  const { what, role } = RIGHT_WORDS[right];
  return (
    <EmptyNote
      title={`Your token may not ${what}`}
      message={`"${viewer.name}" has the role ${viewer.role}; this page needs ${role}. Ask an administrator for another token, then sign in with it.`}
    >
      <ButtonLink to="/cohorts">Back to the cohorts</ButtonLink>
    </EmptyNote>
  );
}

function NotFound() {
  useEffect(() => {
    document.title = 'Not found · Osteograph';
  }, []);
  return (
    <EmptyNote title="There is no such page" message="The address may be mistyped, or from another version of the app.">
      <ButtonLink to="/cohorts">To the cohorts</ButtonLink>
    </EmptyNote>
  );
}
