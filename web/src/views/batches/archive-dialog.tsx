import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { counted } from '../../lib/words.ts';
import { EXPORT_BATCH } from './queries.ts';
import styles from './batch-actions.module.css';

type Format = VariablesOf<typeof EXPORT_BATCH>['input']['format'];

interface ArchiveProps {
  batchId: string;
  /** Volumes that are there. */
  made: number;
  onClose: () => void;
}

/** The volumes of a batch as one archive; it is written in the background and offered among the exports. */
export function ArchiveDialog({ batchId, made, onClose }: ArchiveProps) {
  const [format, setFormat] = useState<Format>('NIFTI_ZIP');
  const [withReal, setWithReal] = useState(false);
  const [{ error, fetching }, write] = useMutation(EXPORT_BATCH);
  const navigate = useNavigate();
  const start = async () => {
    const { data } = await write({ input: { batchId, format, withReal } });
    if (data) await navigate('/cohorts/exports');
  };
  return (
    <Dialog title={`Download ${counted(made, 'volume')}`} onClose={onClose}>
      <div className={styles.words}>
        <p>
          What is there now goes into one zip archive, with a manifest of provenance and digests. Every file says that
          it is synthetic.
        </p>
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
        <label className={styles.check}>
          <input type="checkbox" checked={withReal} onChange={({ target }) => setWithReal(target.checked)} />
          Also the stored MRI of the same knees, in a folder of its own
        </label>
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
