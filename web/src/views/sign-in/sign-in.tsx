import { useEffect } from 'react';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
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
        <Field
          label="Token"
          hint={
            <>
              The address that the first start prints carries one; <code>osteograph token create</code> makes others. It
              stays in this browser until you sign out.
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
        <Button kind="main" type="submit">
          Sign in
        </Button>
      </form>
    </main>
  );
}
