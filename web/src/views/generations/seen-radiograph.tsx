import { Film } from '../../components/film.tsx';
import type { Generation } from './queries.ts';
import styles from './seen-radiograph.module.css';

/** The film with the square that the model sees. */
export function SeenRadiograph({ generation: { radiograph, box } }: { generation: Generation }) {
  const { image, rows, columns, view } = radiograph;
  if (!image) return <p>The film is not stored here any more.</p>;
  const percent = (value: number, of: number | null) => `${(100 * value) / (of ?? 1)}%`;
  return (
    <div className={styles.frame}>
      <Film url={image.url} alt={`Radiograph, ${view}`} />
      {box && (
        <span
          className={styles.box}
          style={{
            left: percent(box.left, columns),
            top: percent(box.top, rows),
            width: percent(box.side, columns),
            height: percent(box.side, rows),
          }}
        />
      )}
    </div>
  );
}
