import { useState } from 'react';
import { createPortal } from 'react-dom';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { submitted } from '../../lib/submitted.ts';
import { useClientKey } from '../../lib/use-client-key.ts';
import { FinerFields, toldToRefine } from './finer-fields.tsx';
import { INPAINT, SUPER_RESOLVE } from './queries.ts';
import styles from './series-button.module.css';

interface SeriesProps {
  series: { id: string; sequence: string };
}

/** Asks what is to be made of an MRI series, and goes to the run. */
export function SeriesButton(props: SeriesProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small aria-label={`Make from it … ${props.series.sequence}`} onClick={() => setOpen(true)}>
        Make from it …
      </Button>
      {open && createPortal(<SeriesDialog {...props} onClose={() => setOpen(false)} />, document.body)}
    </>
  );
}

const OPERATIONS = { refine: 'Make it finer', inpaint: 'Fill in what is hidden' } as const;
type Operation = keyof typeof OPERATIONS;

function SeriesDialog({ series, onClose }: SeriesProps & { onClose: () => void }) {
  const { clients } = useSession();
  const [operation, setOperation] = useState<Operation>('refine');
  const [refining, refine] = useMutation(SUPER_RESOLVE);
  const [inpainting, inpaint] = useMutation(INPAINT);
  const [fault, setFault] = useState<string>();
  const [sending, setSending] = useState(false);
  const navigate = useNavigate();
  const clientKey = useClientKey();

  /** Asks for it. @returns the run, where it was taken */
  const asked = async (form: FormData) => {
    if (operation === 'refine') {
      const input = { seriesId: series.id, ...(await toldToRefine(form)) };
      const { data } = await refine({ input: { ...input, clientKey: clientKey(input) } });
      return data?.superResolveSeries.generation;
    }
    const { id } = await clients.upload<{ id: string }>('/masks', form.get('mask') as File);
    const input = { seriesId: series.id, maskUploadId: id };
    const { data } = await inpaint({ input: { ...input, clientKey: clientKey(input) } });
    return data?.inpaintSeries.generation;
  };
  const start = async (form: FormData) => {
    setFault(undefined);
    setSending(true);
    try {
      const generation = await asked(form);
      if (generation) await navigate(`/generations/${generation.id}`);
    } catch (problem) {
      setFault(problem instanceof Error ? problem.message : String(problem));
    } finally {
      setSending(false);
    }
  };
  const { error } = operation === 'refine' ? refining : inpainting;
  const message = fault ?? (error && sentence(error));
  return (
    <Dialog title={`Make from ${series.sequence}`} onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(start)}>
        <Field label="What" hint="What is added is likely and was not seen.">
          {(ids) => (
            <select
              {...ids}
              className={inputClass}
              value={operation}
              onChange={({ target }) => {
                setFault(undefined);
                setOperation(target.value as Operation);
              }}
            >
              {Object.entries(OPERATIONS).map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {operation === 'refine' && <FinerFields />}
        {operation === 'inpaint' && (
          <Field
            label="Mask"
            hint="A NIfTI file on the grid of the series, above 0 where it is to be filled in. Its rows and slices may run the other way."
          >
            {(ids) => <input {...ids} className={inputClass} type="file" name="mask" accept=".nii,.gz" required />}
          </Field>
        )}
        {message && <InlineError message={message} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" type="submit" disabled={sending}>
            {sending ? 'Asking …' : 'Make it'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
