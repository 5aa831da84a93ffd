import { Link } from 'react-router';
import { useQuery } from 'urql';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { count, counted, kneeName } from '../../lib/words.ts';
import { type Batch, type Member, MEMBERS } from './queries.ts';
import styles from './failures.module.css';

/** Failures that are looked through for their reasons: the largest page there is. */
const LOOKED_AT = 200;

const CATCH_UP_MS = 1000;

/** Why nothing was made of exams: the reasons, the commonest first, each with its exams. */
export function Failures({ batch: { id, counters } }: { batch: Batch }) {
  const expected = counters.failed + counters.impossible;
  const failures = useQuery({
    query: MEMBERS,
    variables: { id, states: ['FAILED', 'NOT_POSSIBLE'], first: LOOKED_AT, after: null },
    requestPolicy: 'network-only',
  });
  const [{ data, error }] = failures;
  const members = data?.batch?.members;
  // The counters come as events; the list is asked for until it has as many.
  usePoll(failures, CATCH_UP_MS, members?.totalCount !== expected);
  return (
    <Card
      title="Without a volume"
      note={
        expected > LOOKED_AT
          ? `${counted(expected, 'exam')}; reasons of the first ${LOOKED_AT}`
          : counted(expected, 'exam')
      }
    >
      {error && !members && <InlineError message={sentence(error)} />}
      <ul className={styles.reasons}>
        {byReason(members?.nodes ?? []).map(([reason, exams]) => (
          <li key={reason}>
            <details>
              <summary>
                <strong>{count(exams.length)} ×</strong> {reason}
              </summary>
              <ul className={styles.exams}>
                {exams.map((member) => (
                  <li key={member.position}>
                    <MemberLink member={member} />
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** To the generation where there is one, else to the exam. */
function MemberLink({ member: { position, exam, generation } }: { member: Member }) {
  const name = exam ? kneeName({ side: exam.side, exam }) : `Exam ${position}, which is no longer in the database`;
  const to = generation ? `/generations/${generation.id}` : exam && `/exams/${exam.id}`;
  return to ? <Link to={to}>{name}</Link> : name;
}

function byReason(members: readonly Member[]): [reason: string, exams: Member[]][] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const reason = member.reason ?? member.generation?.error ?? 'No reason was recorded.';
    groups.set(reason, [...(groups.get(reason) ?? []), member]);
  }
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length);
}
