import { useRef } from 'react';
import { randomKey } from './random-key.ts';

/** One key for one wish: a second click, or a repeated request after a lost answer, gives what the first one gave. */
export function useClientKey(): (wish: object) => string {
  const last = useRef({ wish: '', key: '' });
  return (wish) => {
    const text = JSON.stringify(wish);
    if (last.current.wish !== text) last.current = { wish: text, key: randomKey() };
    return last.current.key;
  };
}
