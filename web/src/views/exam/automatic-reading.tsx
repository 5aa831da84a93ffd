import { useMutation } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Badge, KlBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Film } from '../../components/film.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { decimal, moment } from '../../lib/words.ts';
import { type Exam, READ_RADIOGRAPH } from './queries.ts';
import styles from './automatic-reading.module.css';

type Reading = Exam['radiographReadings'][number];
type Width = Reading['medial'];

/** What a network reads off the exam's film, beside what people read: never mixed with it, and always labelled. */
export function AutomaticReading({ exam, onRead }: { exam: Exam; onRead: () => void }) {
  const { viewer } = useSession();
  const [{ fetching, error }, read] = useMutation(READ_RADIOGRAPH);
  const [reading] = exam.radiographReadings;
  const hasFilm = exam.radiographs.some(({ image }) => image !== null);
  const ask = async () => {
    const { data } = await read({ input: { examId: exam.id } });
    if (data) onRead();
  };
  return (
    <Card
      title="Automatic reading"
      note="By a network, for research: not a radiologist's reading, and not a grade of this exam"
      actions={
        viewer.canGenerate &&
        hasFilm && (
          <Button small disabled={fetching} onClick={() => void ask()}>
            {fetching ? 'Reading …' : 'Read the radiograph'}
          </Button>
        )
      }
    >
      {error && <InlineError message={`Could not read the radiograph. ${sentence(error)}`} />}
      {reading ? (
        <Read reading={reading} exam={exam} />
      ) : (
        <p className={styles.none}>{hasFilm ? 'The film has not been read yet.' : 'There is no film with pixels.'}</p>
      )}
    </Card>
  );
}

function Read({ reading, exam }: { reading: Reading; exam: Exam }) {
  const { probabilities, unreadableReason, kl, expectedKl, medial, lateral, bundle, createdAt, notice } = reading;
  return (
    <div className={styles.reading}>
      <Edges reading={reading} exam={exam} />
      <div>
        <p>
          <Badge tone="warn">automatic, research only</Badge>{' '}
          {unreadableReason === null ? <KlBadge kl={kl} /> : <Badge tone="bad">cannot be read</Badge>}
        </p>
        {unreadableReason !== null && <p>{unreadableReason}</p>}
        {probabilities && (
          <>
            <table className={styles.chances}>
              <caption>Probability of each KL grade; expected grade {decimal(expectedKl, 1)}</caption>
              <tbody>
                {probabilities.map((chance, grade) => (
                  <tr key={grade}>
                    <th scope="row">KL {grade}</th>
                    <td>
                      <span className={styles.bar} style={{ width: `${(100 * chance).toFixed(1)}%` }} />
                    </td>
                    <td className={styles.share}>{decimal(100 * chance, 0)} %</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p>
              Joint space width: medial {widthText(medial)}, lateral {widthText(lateral)}
            </p>
          </>
        )}
        <p className={styles.none}>
          {bundle.name} {bundle.version}, {moment(createdAt)}. {notice}
        </p>
      </div>
    </div>
  );
}

/** The crop that was read with the traced edges upon it. */
function Edges({ reading: { box, medial, lateral, radiograph }, exam }: { reading: Reading; exam: Exam }) {
  const film = exam.radiographs.find(({ id }) => id === radiograph?.id);
  const { viewer } = useSession();
  if (!viewer.canSeeImages || !film?.image || !film.rows || !film.columns) return null;
  const widths = [medial, lateral].filter((width) => width !== null);
  const share = (pixels: number) => `${(100 * pixels) / box.side}%`;
  return (
    <div className={styles.crop}>
      <div
        className={styles.film}
        style={{ left: share(-box.left), top: share(-box.top), width: share(film.columns), height: share(film.rows) }}
      >
        <Film url={film.image.url} alt="The knee that was read" className={styles.pixels} />
      </div>
      {widths.length > 0 && (
        <svg
          viewBox={`${box.left} ${box.top} ${box.side} ${box.side}`}
          role="img"
          aria-label="Traced edges of femur and tibia"
        >
          {widths.map(({ femur, tibia }, index) => (
            <g key={index}>
              <polyline className={styles.femur} points={placesOf(femur)} />
              <polyline className={styles.tibia} points={placesOf(tibia)} />
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** The middle of the first pixel is 0, 0; in the drawing it is half a pixel in. */
function placesOf(points: NonNullable<Width>['femur']): string {
  return points.map(({ column, row }) => `${column + 0.5},${row + 0.5}`).join(' ');
}

function widthText(width: Width): string {
  if (width === null) return 'not traced';
  return width.mm === null ? `${decimal(width.percent, 1)} % of the crop's width` : `${decimal(width.mm, 1)} mm`;
}
