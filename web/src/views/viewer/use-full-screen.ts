import { type RefObject, useEffect, useState } from 'react';

/** Whether an element fills the screen, and what changes that. */
export function useFullScreen(element: RefObject<HTMLElement | null>): [boolean, () => void] {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, []);
  const toggle = () => {
    // A browser may refuse, a phone has none; then everything stays as it is.
    const asked = document.fullscreenElement ? document.exitFullscreen() : element.current?.requestFullscreen?.();
    asked?.catch(() => undefined);
  };
  return [full, toggle];
}
