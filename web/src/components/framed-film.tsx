import { Film } from './film.tsx';
import styles from './framed-film.module.css';

interface Box {
  left: number;
  top: number;
  side: number;
}

interface FramedFilmProps {
  url: string;
  alt: string;
  rows: number | null;
  columns: number | null;
  /** Squares around knees, film pixels. */
  boxes: readonly Box[];
  /** The one that the model sees; of several, none is unless it is given. */
  chosen?: number | undefined;
}

/** A film with the squares of its knees. Around the one that the model sees the film is dimmed. */
export function FramedFilm({
  url,
  alt,
  rows,
  columns,
  boxes,
  chosen = boxes.length === 1 ? 0 : undefined,
}: FramedFilmProps) {
  const percent = (value: number, of: number | null) => `${(100 * value) / (of ?? 1)}%`;
  return (
    <div className={styles.frame}>
      <Film url={url} alt={alt} />
      {boxes.map(({ left, top, side }, index) => (
        <span
          key={`${left} ${top}`}
          className={`${styles.box} ${index === chosen ? styles.chosen : ''}`}
          style={{
            left: percent(left, columns),
            top: percent(top, rows),
            width: percent(side, columns),
            height: percent(side, rows),
          }}
        />
      ))}
    </div>
  );
}
