import { useState } from 'react';
import { type Asked, codeOf, type Language, LANGUAGES } from '../lib/copied-code.ts';
import { Menu } from './menu.tsx';
import styles from './copy-code.module.css';

interface CopyCodeProps {
  asked: Asked;
  /** Of the button, where a page has several. */
  label?: string;
}

/** Copies what a view asked as a query or a program. */
export function CopyCode({ asked, label = 'Copy code' }: CopyCodeProps) {
  return (
    <Menu label={label} className={styles.panel}>
      <Languages asked={asked} />
    </Menu>
  );
}

function Languages({ asked }: Pick<CopyCodeProps, 'asked'>) {
  const [copied, setCopied] = useState<Language>();
  /** What the browser did not let us copy. */
  const [refused, setRefused] = useState<string>();
  const copy = async (language: Language) => {
    const text = codeOf(language, asked, location.origin);
    const done = await written(text);
    setCopied(done ? language : undefined);
    setRefused(done ? undefined : text);
  };
  return (
    <>
      <ul>
        {LANGUAGES.map((language) => (
          <li key={language}>
            <button type="button" onClick={() => void copy(language)}>
              Copy as {language}
            </button>
          </li>
        ))}
      </ul>
      <p role="status">
        {copied && `Copied as ${copied}.`}
        {refused && 'The browser did not let this page copy. The code is below.'}
      </p>
      {refused && (
        <textarea readOnly aria-label="Code" rows={8} value={refused} onFocus={({ target }) => target.select()} />
      )}
      <small>Your token is not copied: programs read it from OSTEOGRAPH_TOKEN.</small>
    </>
  );
}

/** Whether it is in the clipboard, which pages without TLS have only on this machine. */
async function written(text: string): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) return false;
  return clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}
