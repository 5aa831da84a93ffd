import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { countedMade } from '../../lib/words.ts';
import { EXPORT_BATCH } from './queries.ts';
import styles from './batch-actions.module.css';

type Format = VariablesOf<typeof EXPORT_BATCH>['input']['format'];

interface ArchiveProps {
  batchId: string;
  task: string;
  /** Exams of which there is a result. */
  made: number;
  onClose: () => void;
}

/** What a batch has made as one archive; it is written in the background and offered among the exports. */
export function ArchiveDialog({ batchId, task, made, onClose }: ArchiveProps) {
  const ofVolumes = task === 'XRAY_TO_MRI';
  const [format, setFormat] = useState<Format>(ofVolumes ? 'NIFTI_ZIP' : 'FILES_ZIP');
  const [withReal, setWithReal] = useState(false);
  const [{ error, fetching }, write] = useMutation(EXPORT_BATCH);
  const navigate = useNavigate();
  const start = async () => {
    const { data } = await write({ input: { batchId, format, withReal } });
    if (data) await navigate('/cohorts/exports');
  };
  return (
    <Dialog title={`Download ${countedMade(made, task)}`} onClose={onClose}>
      <div className={styles.words}>
        <p>
          What is there now goes into one zip archive, with a manifest of provenance and digests. Every file says that
          it is synthetic.
        </p>
        {!ofVolumes && <p>Each file goes in as it is kept: images, DICOM, and whatever else the task makes.</p>}
        {ofVolumes && (
          <Field label="Format">
            {(ids) => (
              <select
                {...ids}
                className={inputClass}
                value={format}
                onChange={({ target }) => setFormat(target.value as Format)}
              >
                <option value="NIFTI_ZIP">NIfTI: a .nii.gz per volume</option>
                <option value="DICOM_ZIP">DICOM: a series per volume</option>
              </select>
            )}
          </Field>
        )}
        {ofVolumes && (
          <label className={styles.check}>
            <input type="checkbox" checked={withReal} onChange={({ target }) => setWithReal(target.checked)} />
            Also the stored MRI of the same knees, in a folder of its own
          </label>
        )}
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" disabled={fetching} onClick={() => void start()}>
            {fetching ? 'Asking …' : 'Write the archive'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
