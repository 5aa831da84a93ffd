import { useEffect, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { askProvider, beginSignIn, type Provider } from '../../lib/provider.ts';
import styles from './sign-in.module.css';

interface SignInProps {
  /** Why the last token was refused. */
  refusal: string | undefined;
  onToken: (token: string) => void;
}

export function SignIn({ refusal, onToken }: SignInProps) {
  useEffect(() => {
    document.title = 'Sign in · Osteograph';
  }, []);
  const { provider, fault, signIn } = useProvider();
  return (
    <main className={styles.page}>
      <form
        className={styles.form}
        action={(data) => {
          const token = data.get('token');
          if (typeof token === 'string' && token.trim()) onToken(token.trim());
        }}
      >
        <h1>Osteograph</h1>
        <p className={styles.lead}>
          Knee osteoarthritis imaging: ask for cohorts by grade, visit and participant; turn a radiograph into a
          synthetic MRI volume and watch it arrive.
        </p>
        {refusal !== undefined && <InlineError message={refusal} />}
        {fault !== undefined && <InlineError message={fault} />}
        {provider && (
          <Button kind="main" type="button" onClick={() => signIn(provider)}>
            Sign in at {new URL(provider.issuer).host}
          </Button>
        )}
        <Field
          label="Token"
          hint={
            <>
              The address that the first start on one machine prints carries one; <code>osteograph token create</code>{' '}
              makes others. It stays in this browser until you sign out.
            </>
          }
        >
          {(ids) => (
            <input
              {...ids}
              className={inputClass}
              name="token"
              type="password"
              autoComplete="off"
              placeholder="osteo_…"
              required
            />
          )}
        </Field>
        <Button kind={provider ? 'plain' : 'main'} type="submit">
          {provider ? 'Use this token' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}

/** Where people sign in, if the server knows a place. */
function useProvider() {
  const [provider, setProvider] = useState<Provider | null>(null);
  const [fault, setFault] = useState<string>();
  const tell = (error: unknown) => setFault(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    askProvider().then(setProvider, tell);
  }, []);
  const signIn = (at: Provider) => {
    beginSignIn(at).catch(tell);
  };
  return { provider, fault, signIn };
}
