import { Link } from 'react-router';
import { Film } from '../../components/film.tsx';
import { viewerLink } from '../viewer/link.ts';
import type { Exam } from './queries.ts';
import styles from './radiograph.module.css';

interface RadiographProps {
  film: Exam['radiographs'][number];
  exam: Pick<Exam, 'id' | 'side'>;
}

/** A film; on one of both knees, the side that is meant is marked. The patient's right knee is on the picture's left. */
export function Radiograph({
  film: { image, view, bilateral, rows, columns, date, barcode, id },
  exam,
}: RadiographProps) {
  const text = [view, rows && columns ? `${columns} × ${rows}` : null, date, barcode].filter(Boolean).join(' · ');
  if (!image) return <p className={styles.caption}>{text}: only the tables tell of this film.</p>;
  return (
    <figure className={styles.film}>
      <div className={styles.frame} style={rows && columns ? { aspectRatio: `${columns} / ${rows}` } : undefined}>
        <Film url={image.url} alt={`Radiograph, ${view}${bilateral ? ', both knees' : ''}`} />
        {bilateral && (
          <span className={`${styles.mark} ${exam.side === 'RIGHT' ? styles.left : styles.right}`}>this knee</span>
        )}
      </div>
      <figcaption className={styles.caption}>
        {text} ·{' '}
        <Link to={viewerLink(exam.id, bilateral ? `${id}.${exam.side.toLowerCase()}` : id)}>Open in the viewer</Link>
      </figcaption>
    </figure>
  );
}
