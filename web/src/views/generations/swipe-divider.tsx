import type { KeyboardEvent, PointerEvent } from 'react';
import styles from './series-swipe.module.css';

interface DividerProps {
  /** How much of the picture before is shown, %, from the left. */
  share: number;
  onMove: (share: number) => void;
}

/** Steps that keys move it by, %. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -100,
  End: 100,
};

/** The line between two pictures that lie over each other: dragged by mouse or finger, or moved with the keys of a slider. */
export function SwipeDivider({ share, onMove }: DividerProps) {
  const moveTo = (place: number) => onMove(Math.min(Math.max(Math.round(place), 0), 100));
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    moveTo(share + step);
  };
  const onPointerMove = ({ currentTarget, pointerId, clientX }: PointerEvent<HTMLElement>) => {
    const pictures = currentTarget.parentElement;
    if (!pictures || !currentTarget.hasPointerCapture(pointerId)) return;
    const { left, width } = pictures.getBoundingClientRect();
    moveTo((100 * (clientX - left)) / width);
  };
  return (
    <div
      className={styles.divider}
      style={{ left: `${share}%` }}
      role="slider"
      tabIndex={0}
      aria-label="Divider between before and after"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share}
      aria-valuetext={`${share} % before, ${100 - share} % after`}
      onKeyDown={onKeyDown}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={onPointerMove}
    />
  );
}
