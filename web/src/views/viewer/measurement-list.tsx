import { useId } from 'react';
import { Button } from '../../components/button.tsx';
import { InlineError } from '../../components/notes.tsx';
import { saveBlob } from '../../lib/save-blob.ts';
import { counted, moment } from '../../lib/words.ts';
import type { ShownImage } from './images.ts';
import { type MeasuredRow, MEASURES, measurementsCsv, valueText } from './measure.ts';
import type { Said } from './measurement-drafts.ts';
import type { ShownMeasurement } from './measurement-store.ts';
import styles from './desk.module.css';

/** A measurement and the image it was made on. */
export interface Listed {
  image: ShownImage;
  measurement: ShownMeasurement;
}

interface MeasurementListProps {
  participant: string;
  measurements: readonly Listed[];
  /** How many changes the server does not have yet, also of images that are not shown. */
  waiting: number;
  /** Why the server could not be reached. */
  away: string | undefined;
  onShow: (listed: Listed) => void;
  onChange: (listed: Listed, change: Partial<Said>) => void;
  onDelete: (listed: Listed) => void;
  onRetry: () => void;
}

/** The measurements of the images that are shown: by name, value and place. */
export function MeasurementList(props: MeasurementListProps) {
  const { participant, measurements, waiting, away, onRetry } = props;
  const download = () => {
    const csv = measurementsCsv(measurements.map((listed) => rowOf(participant, listed)));
    saveBlob(new Blob([csv], { type: 'text/csv' }), `measurements-${participant}.csv`);
  };
  return (
    <section className={styles.measurements} aria-label="Measurements">
      <header>
        <h2>Measurements</h2>
        {measurements.length > 0 && (
          <Button small onClick={download}>
            Download CSV
          </Button>
        )}
      </header>
      {away !== undefined && (
        <div className={styles.away} role="alert">
          <p>
            {away}
            {waiting > 0 &&
              ` ${counted(waiting, 'change waits', 'changes wait')} in this browser until then, also when you leave the page.`}
          </p>
          <Button small onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
      {measurements.length === 0 ? (
        <p>None yet on these images. Choose Length, Angle or Joint space, then put the points.</p>
      ) : (
        <ul>
          {measurements.map((listed) => (
            <Row key={listed.measurement.id} listed={listed} {...props} />
          ))}
        </ul>
      )}
      <p className={styles.small}>
        Measurements are kept with their image; everybody who sees the image sees them. Millimetres of a film are those
        at the detector, not corrected for magnification. For research, not for diagnosis.
      </p>
    </section>
  );
}

type RowProps = Pick<MeasurementListProps, 'onShow' | 'onChange' | 'onDelete'> & { listed: Listed };

function Row({ listed, onShow, onChange, onDelete }: RowProps) {
  const { image, measurement } = listed;
  const { kind, name, note, slice, plane, canChange, kept, pending, fault } = measurement;
  const noteId = useId();
  return (
    <li>
      {canChange ? (
        <input
          aria-label={`Name of ${MEASURES[kind].name.toLowerCase()} ${valueText(measurement)}`}
          value={name}
          maxLength={60}
          onChange={({ target }) => onChange(listed, { name: target.value })}
        />
      ) : (
        <span className={styles.name}>{name}</span>
      )}
      <strong>{valueText(measurement)}</strong>
      <small>
        {image.whose}, {image.name}
        {plane !== null && `, ${plane} ${slice + 1}`}
        {kept && (
          <>
            , by {kept.by}, <time dateTime={kept.at}>{moment(kept.at)}</time>
          </>
        )}
        {pending && ', not on the server yet'}
      </small>
      {canChange ? (
        <label className={styles.note} htmlFor={noteId}>
          Note
          <input
            id={noteId}
            value={note}
            maxLength={1000}
            onChange={({ target }) => onChange(listed, { note: target.value })}
          />
        </label>
      ) : (
        note !== '' && <span className={styles.note}>{note}</span>
      )}
      <span className={styles.acts}>
        <Button kind="quiet" small aria-label={`Show ${name}`} onClick={() => onShow(listed)}>
          Show
        </Button>
        {canChange && (
          <Button kind="quiet" small aria-label={`Delete ${name}`} onClick={() => onDelete(listed)}>
            Delete
          </Button>
        )}
      </span>
      {kept?.imageChanged && (
        <p className={styles.changed}>The image has been replaced since: check that it still lies where it was put.</p>
      )}
      {fault !== undefined && <InlineError message={`Not on the server: ${fault}`} />}
    </li>
  );
}

/** A film of both knees tells by the place of the points which knee it is, and the server knows. */
function rowOf(participant: string, { image, measurement }: Listed): MeasuredRow {
  const { kept } = measurement;
  const ofImage = image.bilateral || image.visitCode === null ? undefined : image;
  return {
    ...measurement,
    participant,
    examId: kept?.knee?.exam ?? ofImage?.examId ?? '',
    visit: image.visitCode ?? '',
    side: kept?.knee?.side ?? (image.bilateral ? '' : (image.side ?? '')),
    image: image.name,
    imageId: image.id,
    provenance: image.provenance,
    by: kept?.by ?? '',
    at: kept?.at ?? '',
  };
}
