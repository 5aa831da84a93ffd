import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { Button } from '../../components/button.tsx';
import { FramedFilm } from '../../components/framed-film.tsx';
import { ErrorNote, InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { moment, sideName } from '../../lib/words.ts';
import { ProgressButton } from '../progress/progress-button.tsx';
import { RestoreButton } from '../restore/restore-button.tsx';
import { GenerateForm } from './generate-form.tsx';
import { DELETE_UPLOAD, PREPARE_UPLOAD, type Upload } from './queries.ts';
import styles from './upload-form.module.css';

type Side = 'RIGHT' | 'LEFT';

const SIDES: readonly Side[] = ['RIGHT', 'LEFT'];

/** What to make of an uploaded radiograph. `?side=LEFT` of the address presets the knee. */
export function UploadForm({ id, onOther }: { id: string; onOther: () => void }) {
  const [{ data, error }, again] = useQuery({ query: PREPARE_UPLOAD, variables: { id } });
  if (error)
    return (
      <ErrorNote
        title="Could not load the radiograph"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the radiograph" />;
  const upload = data.node && '__typename' in data.node ? (data.node as Upload) : undefined;
  if (!upload) {
    const message = 'It was deleted, it has expired, or it is somebody else’s.';
    return <ErrorNote title="There is no such radiograph" message={message} onRetry={onOther} />;
  }
  return <OneUpload key={id} upload={upload} bundles={data.bundles} onOther={onOther} />;
}

interface OneUploadProps {
  upload: Upload;
  bundles: Parameters<typeof GenerateForm>[0]['bundles'];
  onOther: () => void;
}

function OneUpload({ upload, bundles, onOther }: OneUploadProps) {
  const { id, view, laterality, knees, rows, columns, image, warnings, expiresAt } = upload;
  const [params] = useSearchParams();
  const [chosen, setChosen] = useState<Side | null>(laterality ?? sideIn(params.get('side')));
  const seen = knees.findIndex(({ side }) => side === null || side === chosen);
  const [{ error, fetching }, remove] = useMutation(DELETE_UPLOAD);
  const [sure, setSure] = useState(false);
  const both = view === 'BILATERAL';
  return (
    <GenerateForm
      source={chosen !== null && seen >= 0 ? { uploadId: id, side: chosen } : undefined}
      lead={`Your own radiograph${chosen ? `, ${chosen.toLowerCase()} knee` : ''}`}
      radiographNote="Nothing but the film is known of this knee: the volume cannot be scored."
      radiograph={
        <div className={styles.film}>
          <FramedFilm
            url={image.url}
            alt={both ? 'Uploaded radiograph of both knees' : 'Uploaded radiograph of one knee'}
            rows={rows}
            columns={columns}
            boxes={knees.map(({ box }) => box)}
            chosen={seen < 0 || (both && !chosen) ? undefined : seen}
          />
          {laterality === null && (
            <fieldset className={styles.sides}>
              <legend>{both ? 'Which knee?' : 'Which knee does it show?'}</legend>
              {SIDES.map((side) => {
                const found = knees.some((knee) => knee.side === null || knee.side === side);
                return (
                  <label key={side}>
                    <input
                      type="radio"
                      name="side"
                      checked={chosen === side}
                      disabled={!found}
                      onChange={() => setChosen(side)}
                    />
                    {sideName(side)}
                    {!found && ' (not found)'}
                  </label>
                );
              })}
            </fieldset>
          )}
          <p>
            <RestoreButton source={{ uploadId: id }} film={{ url: image.url, columns, rows }} />{' '}
            {chosen !== null && seen >= 0 && <ProgressButton source={{ uploadId: id, side: chosen }} />}
          </p>
          {both && <p>The patient’s right knee is on the left of the picture.</p>}
          {warnings.length > 0 && (
            <ul>
              {warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          )}
          {knees.length === 0 && (
            <InlineError message="No knee was found. Crop the picture to one knee, nearly square, and upload that." />
          )}
          <p className={styles.kept}>
            Kept until {moment(expiresAt)}, with what was generated from it.
            <Button
              kind="danger"
              small
              disabled={fetching}
              onClick={() => (sure ? void remove({ id }).then(({ data }) => data && onOther()) : setSure(true))}
            >
              {sure ? 'Delete the film and its volumes' : 'Delete …'}
            </Button>
          </p>
          {error && <InlineError message={sentence(error)} />}
        </div>
      }
      grades={null}
      bundles={bundles}
      onOther={onOther}
    />
  );
}

function sideIn(text: string | null): Side | null {
  return SIDES.find((side) => side === text) ?? null;
}
