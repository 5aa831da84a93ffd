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
import type { VariablesOf } from '../../lib/graphql.ts';
import { useClientKey } from '../../lib/use-client-key.ts';
import { submitted } from '../../lib/submitted.ts';
import { type FilmSize, maskFile, type Stroke } from './mask.ts';
import { MaskDrawing } from './mask-drawing.tsx';
import { RESTORE } from './queries.ts';
import { FactorField, SigmaField, toldToRestore } from './restoration-fields.tsx';
import styles from './restore.module.css';

type Input = VariablesOf<typeof RESTORE>['input'];

interface RestoreProps {
  source: Pick<Input, 'examId' | 'radiographId' | 'uploadId'>;
  film: FilmSize & { url: string };
}

/** Asks what is to be done to a film, and goes to the run. */
export function RestoreButton(props: RestoreProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Restore this film …</Button>
      {open && createPortal(<RestoreDialog {...props} onClose={() => setOpen(false)} />, document.body)}
    </>
  );
}

const OPERATIONS = { denoise: 'Take noise off', upscale: 'Enlarge', inpaint: 'Fill in what is hidden' } as const;
type Operation = keyof typeof OPERATIONS;

function RestoreDialog({ source, film, onClose }: RestoreProps & { onClose: () => void }) {
  const { clients } = useSession();
  const [operation, setOperation] = useState<Operation>('denoise');
  const [{ fetching, error }, restore] = useMutation(RESTORE);
  const [fault, setFault] = useState<string>();
  const [sending, setSending] = useState(false);
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const navigate = useNavigate();
  const clientKey = useClientKey();

  /** Sends the mask: the file that was chosen, else what was drawn. */
  const filledIn = async (form: FormData): Promise<Pick<Input, 'inpaint'>> => {
    const chosen = form.get('mask');
    const mask = chosen instanceof File && chosen.size > 0 ? chosen : await maskFile(strokes, film);
    const { id } = await clients.upload<{ id: string }>('/radiographs', mask);
    return { inpaint: { maskUploadId: id } };
  };

  const start = async (form: FormData) => {
    setFault(undefined);
    setSending(true);
    try {
      const aim = operation === 'inpaint' ? await filledIn(form) : toldToRestore(operation, form);
      const input: Input = { ...source, ...aim };
      const { data } = await restore({ input: { ...input, clientKey: clientKey(input) } });
      if (data) await navigate(`/generations/${data.restoreRadiograph.generation.id}`);
    } catch (problem) {
      setFault(problem instanceof Error ? problem.message : String(problem));
    } finally {
      setSending(false);
    }
  };
  const message = fault ?? (error && sentence(error));
  return (
    <Dialog title="Restore this film" onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(start)}>
        <Field label="What" hint="The whole film is restored. What is added is likely and was not seen.">
          {(ids) => (
            <select
              {...ids}
              className={inputClass}
              value={operation}
              onChange={({ target }) => setOperation(target.value as Operation)}
            >
              {Object.entries(OPERATIONS).map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {operation === 'denoise' && <SigmaField />}
        {operation === 'upscale' && <FactorField />}
        {operation === 'inpaint' && (
          <>
            <MaskDrawing {...film} strokes={strokes} onChange={setStrokes} />
            <Field
              label="Or a mask from a file"
              hint="A PNG as large as the film, not black where the film is to be filled in. It is taken in place of what is drawn."
            >
              {(ids) => <input {...ids} className={inputClass} type="file" name="mask" accept=".png,image/png" />}
            </Field>
          </>
        )}
        {message && <InlineError message={message} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" type="submit" disabled={fetching || sending}>
            {fetching || sending ? 'Asking …' : 'Restore'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
