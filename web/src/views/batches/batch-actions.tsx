import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { counted, countedMade } from '../../lib/words.ts';
import { ArchiveDialog } from './archive-dialog.tsx';
import { type Batch, CANCEL, DELETE, PAUSE, RESUME, RETRY } from './queries.ts';
import { isOver } from './use-batch.ts';
import styles from './batch-actions.module.css';

/** What can be done with a batch in its state, by who may do it. */
export function BatchActions({ batch: { id, state, cancelRequested, counters }, batch }: { batch: Batch }) {
  const { viewer } = useSession();
  const [open, setOpen] = useState<'cancel' | 'archive' | 'delete'>();
  const [paused, pause] = useMutation(PAUSE);
  const [resumed, resume] = useMutation(RESUME);
  const [retried, retry] = useMutation(RETRY);
  const fault = paused.error ?? resumed.error ?? retried.error;
  const changing = paused.fetching || resumed.fetching || retried.fetching;
  const made = counters.succeeded + counters.reused;
  const again = counters.failed + counters.canceled;
  const goesOn = viewer.canGenerate && !isOver(state);
  return (
    <div className={styles.all}>
      <div className={styles.actions}>
        {goesOn && !cancelRequested && state !== 'PAUSED' && (
          <Button disabled={changing} onClick={() => void pause({ id })}>
            Pause
          </Button>
        )}
        {goesOn && state === 'PAUSED' && (
          <Button kind="main" disabled={changing} onClick={() => void resume({ id })}>
            Resume
          </Button>
        )}
        {goesOn && (
          <Button kind="danger" disabled={cancelRequested} onClick={() => setOpen('cancel')}>
            {cancelRequested ? 'Canceling …' : 'Cancel …'}
          </Button>
        )}
        {viewer.canGenerate && isOver(state) && again > 0 && (
          <Button kind="main" disabled={changing} onClick={() => void retry({ id })}>
            Retry {counted(again, 'exam')}
          </Button>
        )}
        {viewer.canSeeImages && made > 0 && <Button onClick={() => setOpen('archive')}>Download …</Button>}
        {viewer.canGenerate && isOver(state) && (
          <Button kind="danger" onClick={() => setOpen('delete')}>
            Delete …
          </Button>
        )}
      </div>
      {fault && <InlineError message={sentence(fault)} />}
      {open === 'cancel' && <CancelDialog batch={batch} onClose={() => setOpen(undefined)} />}
      {open === 'delete' && <DeleteDialog batch={batch} onClose={() => setOpen(undefined)} />}
      {open === 'archive' && (
        <ArchiveDialog batchId={id} task={batch.task} made={made} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}

function CancelDialog({ batch: { id, name, task, counters }, onClose }: { batch: Batch; onClose: () => void }) {
  const [{ error, fetching }, cancel] = useMutation(CANCEL);
  const { waiting, running, succeeded, reused } = counters;
  const confirm = async () => {
    const { data } = await cancel({ id });
    if (data) onClose();
  };
  return (
    <Dialog title={`Cancel "${name}"?`} onClose={onClose}>
      <div className={styles.words}>
        <ul>
          {waiting > 0 && <li>Canceled at once, because they wait: {counted(waiting, 'exam')}</li>}
          {running > 0 && <li>Stopped at their next step: {counted(running, 'generation')}</li>}
          <li>Kept: {countedMade(succeeded + reused, task)}</li>
        </ul>
        <p>
          It cannot be resumed. Retrying it later starts what was canceled anew, with the slices that were finished. To
          stop for a while, pause it instead.
        </p>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Let it run</Button>
          <Button kind="danger" disabled={fetching} onClick={() => void confirm()}>
            Cancel the batch
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function DeleteDialog({ batch: { id, name, task, counters }, onClose }: { batch: Batch; onClose: () => void }) {
  const [{ error, fetching }, remove] = useMutation(DELETE);
  const navigate = useNavigate();
  const confirm = async () => {
    const { data } = await remove({ id });
    if (data) await navigate('/batches');
  };
  return (
    <Dialog title={`Delete "${name}"?`} onClose={onClose}>
      <div className={styles.words}>
        <ul>
          <li>Gone for good, with its log: {countedMade(counters.succeeded, task)} made for it</li>
          {counters.reused > 0 && <li>Kept, not made for it: {countedMade(counters.reused, task)}</li>}
        </ul>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={fetching} onClick={() => void confirm()}>
            Delete the batch
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
