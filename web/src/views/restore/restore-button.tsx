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
import { RESTORE } from './queries.ts';
import { FactorField, SigmaField, toldToRestore } from './restoration-fields.tsx';
import styles from './restore.module.css';

type Input = VariablesOf<typeof RESTORE>['input'];
type Source = Pick<Input, 'examId' | 'uploadId'>;

/** Asks what is to be done to a film, and goes to the run. */
export function RestoreButton({ source }: { source: Source }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Restore this film …</Button>
      {open && createPortal(<RestoreDialog source={source} onClose={() => setOpen(false)} />, document.body)}
    </>
  );
}

const OPERATIONS = { denoise: 'Take noise off', upscale: 'Enlarge', inpaint: 'Fill in what is hidden' } as const;
type Operation = keyof typeof OPERATIONS;

function RestoreDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { clients } = useSession();
  const [operation, setOperation] = useState<Operation>('denoise');
  const [{ fetching, error }, restore] = useMutation(RESTORE);
  const [fault, setFault] = useState<string>();
  const [sending, setSending] = useState(false);
  const navigate = useNavigate();
  const clientKey = useClientKey();

  const start = async (form: FormData) => {
    setFault(undefined);
    setSending(true);
    try {
      const aim = await aimOf(operation, form, (file) => clients.upload<{ id: string }>('/radiographs', file));
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
          <Field label="Mask" hint="A PNG as large as the film, not black where the film is to be filled in.">
            {(ids) => (
              <input {...ids} className={inputClass} type="file" name="mask" accept=".png,image/png" required />
            )}
          </Field>
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

async function aimOf(
  operation: Operation,
  form: FormData,
  send: (file: File) => Promise<{ id: string }>,
): Promise<Pick<Input, Operation>> {
  if (operation !== 'inpaint') return toldToRestore(operation, form);
  const mask = form.get('mask');
  if (!(mask instanceof File)) throw new Error('Choose a mask.');
  return { inpaint: { maskUploadId: (await send(mask)).id } };
}
