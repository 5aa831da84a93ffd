import { useState } from 'react';
import { createPortal } from 'react-dom';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { useClientKey } from '../../lib/use-client-key.ts';
import { submitted } from '../../lib/submitted.ts';
import { ProgressionFields, toldToProgress } from './progression-fields.tsx';
import { PROGRESS_RADIOGRAPH } from './queries.ts';
import styles from './progress.module.css';

type Input = VariablesOf<typeof PROGRESS_RADIOGRAPH>['input'];
type Source = Pick<Input, 'examId' | 'uploadId' | 'side'>;

interface ProgressButtonProps {
  source: Source;
  /** The film's own KL grade, where it is known. */
  ownKl?: number | null | undefined;
}

/** Asks at which grade a knee is to be shown, and goes to the run. */
export function ProgressButton({ source, ownKl = null }: ProgressButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Show at other grades …</Button>
      {open &&
        createPortal(<ProgressDialog source={source} ownKl={ownKl} onClose={() => setOpen(false)} />, document.body)}
    </>
  );
}

interface ProgressDialogProps {
  source: Source;
  ownKl: number | null;
  onClose: () => void;
}

function ProgressDialog({ source, ownKl, onClose }: ProgressDialogProps) {
  const [{ fetching, error }, progress] = useMutation(PROGRESS_RADIOGRAPH);
  const navigate = useNavigate();
  const clientKey = useClientKey();

  const start = async (form: FormData) => {
    const input: Input = { ...source, ...toldToProgress(form) };
    const { data } = await progress({ input: { ...input, clientKey: clientKey(input) } });
    if (data) await navigate(`/generations/${data.generateProgression.generation.id}`);
  };
  const from = ownKl === null ? 'The film’s own grade is read by the grader.' : `The film has KL ${ownKl}.`;
  return (
    <Dialog title="Show this knee at other grades" onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(start)}>
        <ProgressionFields from={from} usual={ownKl === 4 ? 0 : 4} />
        <p className={styles.note}>
          No frame but the first was seen. They show what a film of that grade could look like, and say nothing of what
          will become of this knee.
        </p>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" type="submit" disabled={fetching}>
            {fetching ? 'Asking …' : 'Show'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
