import { useQuery } from 'urql';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { type Report, REPORT_FILE } from './queries.ts';
import styles from './report.module.css';

interface SheetProps {
  /** The evaluation. */
  id: string;
  sheet: Report['sheets'][number];
}

/** A picture of knees side by side; what is generated in it says so in the picture itself. */
export function Sheet({ id, sheet: { name, title, caption } }: SheetProps) {
  const [{ data, error }] = useQuery({ query: REPORT_FILE, variables: { id, name: `${name}.png` } });
  const url = data?.evaluation?.report?.file.url;
  return (
    <figure className={styles.figure}>
      <h2>{title}</h2>
      {error && <InlineError message={sentence(error)} />}
      {!url && !error && <Waiting label="Loading the pictures" />}
      {url && (
        <a href={url} target="_blank" rel="noreferrer" title="Open in its full size">
          <img src={url} alt={`${title}: ${caption}`} className={styles.sheet} />
        </a>
      )}
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
