import { useCallback, useEffect, useState } from 'react';
import { useParams } from 'react-router';
import { useMutation } from 'urql';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { ANSWER, type Session, START } from './queries.ts';
import { Trial } from './trial.tsx';
import styles from './trial.module.css';

/** Pair after pair; whoever opens it goes on at their first pair without an answer. */
export function ReadView() {
  const { id = '' } = useParams();
  const [{ error: notBegun }, begin] = useMutation(START);
  const [{ error: refused, fetching }, answer] = useMutation(ANSWER);
  const [session, setSession] = useState<Session>();
  const takeUp = useCallback(async () => {
    const { data } = await begin({ studyId: id });
    if (data) setSession(data.startReaderSession.session);
  }, [begin, id]);
  useEffect(() => void takeUp(), [takeUp]);
  if (notBegun && !session)
    return <ErrorNote title="The session cannot begin" message={sentence(notBegun)} onRetry={() => void takeUp()} />;
  if (!session) return <Waiting label="Taking up your session" />;
  const { answered, total, next } = session;
  if (!next) {
    return (
      <EmptyNote title="Every pair is answered" message={`Thank you: all ${total} answers are stored.`}>
        <ButtonLink kind="main" to={`/reader-studies/${id}`}>
          See your result
        </ButtonLink>
      </EmptyNote>
    );
  }
  const choose = async (imported: 'LEFT' | 'RIGHT') => {
    const { data } = await answer({ sessionId: session.id, trial: next.index, imported });
    if (data) setSession(data.answerReaderTrial.session);
  };
  return (
    <Page
      title="Which image was imported?"
      up={{ to: `/reader-studies/${id}`, label: 'The study' }}
      lead={
        <>
          <span role="status">
            Pair {answered + 1} of {total}
          </span>
          <progress className={styles.progress} value={answered} max={total} aria-label="Answered pairs" />
        </>
      }
    >
      {refused && (
        <div className={styles.refused}>
          <InlineError message={sentence(refused)} />
          <Button small onClick={() => void takeUp()}>
            Go on at the server's pair
          </Button>
        </div>
      )}
      <Trial key={next.index} trial={next} busy={fetching} onChoose={(side) => void choose(side)} />
      <p className={styles.help}>
        The other one is synthetic. Click the imported image, or press <kbd>1</kbd> or <kbd>←</kbd> for the left,{' '}
        <kbd>2</kbd> or <kbd>→</kbd> for the right one. An answer is given once.
      </p>
    </Page>
  );
}
