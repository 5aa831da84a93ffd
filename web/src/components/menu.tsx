import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import styles from './menu.module.css';

/** Between a panel and the edge of the window, px. */
const MARGIN = 8;

interface MenuProps {
  label: string;
  className?: string | undefined;
  /** Of the button; the caller's choice where the plain one does not fit. */
  buttonClass?: string | undefined;
  children: ReactNode | ((close: () => void) => ReactNode);
}

/** A button that opens a panel: Escape, a click elsewhere or leaving it by keyboard closes it again. */
export function Menu({ label, className = '', buttonClass = styles.button, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    // It ends where the button does; near the left edge of a narrow window it would begin outside.
    const outside = open ? Math.min(panel.current!.getBoundingClientRect().left - MARGIN, 0) : 0;
    panel.current!.style.right = `${outside}px`;
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div
      ref={root}
      className={styles.root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && open) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button
        ref={button}
        type="button"
        className={buttonClass}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <span className={styles.label}>{label}</span>
        <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
          <path d="M2 4l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.8" />
        </svg>
      </button>
      <div ref={panel} id={id} hidden={!open} className={`${styles.panel} ${className}`}>
        {open && (typeof children === 'function' ? children(close) : children)}
      </div>
    </div>
  );
}
