import { useEffect, useEffectEvent, useState } from 'react';
import { InlineError } from '../../components/notes.tsx';
import type { Session } from './queries.ts';
import styles from './trial.module.css';

type Side = 'LEFT' | 'RIGHT';

const KEYS: Readonly<Record<string, Side>> = { '1': 'LEFT', ArrowLeft: 'LEFT', '2': 'RIGHT', ArrowRight: 'RIGHT' };

interface TrialProps {
  trial: NonNullable<Session['next']>;
  /** An answer is on its way. */
  busy: boolean;
  onChoose: (side: Side) => void;
}

/** Two images of one knee; one of them is chosen, once both are seen, by pointer or key. */
export function Trial({ trial: { left, right }, busy, onChoose }: TrialProps) {
  const [seen, setSeen] = useState<readonly Side[]>([]);
  const [lost, setLost] = useState(false);
  const ready = seen.length === 2 && !busy;
  const press = useEffectEvent((event: KeyboardEvent) => {
    const side = KEYS[event.key];
    if (!side || !ready || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onChoose(side);
  });
  useEffect(() => {
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return (
    <>
      {lost && <InlineError message="Could not load an image; reload the page to try again." />}
      <div className={styles.pair} data-ready={ready}>
        {(
          [
            ['LEFT', left.url, '1'],
            ['RIGHT', right.url, '2'],
          ] as const
        ).map(([side, url, key]) => (
          <button key={side} type="button" disabled={!ready} onClick={() => onChoose(side)}>
            <img
              src={url}
              alt={`The ${side.toLowerCase()} image was imported`}
              onLoad={() => setSeen((before) => [...before.filter((other) => other !== side), side])}
              onError={() => setLost(true)}
            />
            <kbd aria-hidden="true">{key}</kbd>
          </button>
        ))}
      </div>
    </>
  );
}
