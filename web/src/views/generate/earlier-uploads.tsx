import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button } from '../../components/button.tsx';
import { moment } from '../../lib/words.ts';
import { UPLOADS } from './queries.ts';
import styles from './drop-zone.module.css';

/** The newest radiographs that were brought along before; an administrator sees everybody's. */
export function EarlierUploads({ onPick }: { onPick: (id: string) => void }) {
  const { viewer } = useSession();
  const [{ data }] = useQuery({ query: UPLOADS, requestPolicy: 'cache-and-network' });
  const uploads = data?.uploadedRadiographs.nodes ?? [];
  if (uploads.length === 0) return null;
  return (
    <>
      <h3 className={styles.earlier}>Uploaded before</h3>
      <ul className={styles.uploads}>
        {uploads.map(({ id, view, createdAt, owner }) => (
          <li key={id}>
            <Button kind="quiet" small onClick={() => onPick(id)}>
              {moment(createdAt)}, {view === 'BILATERAL' ? 'both knees' : 'one knee'}
              {owner !== viewer.name && `, by ${owner}`}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
