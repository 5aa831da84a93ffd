import { Button } from '../../components/button.tsx';
import { saveBlob } from '../../lib/save-blob.ts';
import type { ShownImage } from './images.ts';
import { type MeasuredRow, type Measurement, MEASURES, measurementsCsv, valueText } from './measure.ts';
import styles from './desk.module.css';

/** A measurement and the image it was made on. */
export interface Listed {
  image: ShownImage;
  measurement: Measurement;
}

interface MeasurementListProps {
  participant: string;
  measurements: readonly Listed[];
  onShow: (listed: Listed) => void;
  onRename: (listed: Listed, name: string) => void;
  onDelete: (listed: Listed) => void;
}

/** The measurements of the images that are shown: by name, value and place. */
export function MeasurementList({ participant, measurements, onShow, onRename, onDelete }: MeasurementListProps) {
  const download = () => {
    const rows = measurements.map(({ image, measurement }): MeasuredRow => ({
      ...measurement,
      participant,
      whose: image.whose,
      image: image.name,
      imageId: image.id,
      provenance: image.provenance,
    }));
    saveBlob(new Blob([measurementsCsv(rows)], { type: 'text/csv' }), `measurements-${participant}.csv`);
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
      {measurements.length === 0 ? (
        <p>None yet on these images. Choose Length, Angle or Joint space, then put the points.</p>
      ) : (
        <ul>
          {measurements.map((listed) => {
            const { image, measurement } = listed;
            const { id, kind, name, slice, plane } = measurement;
            return (
              <li key={id}>
                <input
                  aria-label={`Name of ${MEASURES[kind].name.toLowerCase()} ${valueText(measurement)}`}
                  value={name}
                  maxLength={60}
                  onChange={({ target }) => onRename(listed, target.value)}
                />
                <strong>{valueText(measurement)}</strong>
                <small>
                  {image.whose}, {image.name}
                  {plane !== null && `, ${plane} ${slice + 1}`}
                </small>
                <Button kind="quiet" small aria-label={`Show ${name}`} onClick={() => onShow(listed)}>
                  Show
                </Button>
                <Button kind="quiet" small aria-label={`Delete ${name}`} onClick={() => onDelete(listed)}>
                  Delete
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      <p className={styles.small}>
        Measurements stay in this browser, with their image: download them to keep or share them. Millimetres of a film
        are those at the detector, not corrected for magnification. For research, not for diagnosis.
      </p>
    </section>
  );
}
