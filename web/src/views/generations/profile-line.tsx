import type { KeyboardEvent, PointerEvent } from 'react';
import type { Line, Spot } from './profile.ts';
import styles from './series-swipe.module.css';

interface LineProps {
  line: Line;
  onChange: (line: Line) => void;
}

/** How far a key moves an end, as a share of the picture. */
const STEP = 0.01;

const KEYS: Readonly<Record<string, Spot>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** A line over a picture. Its ends are dragged by mouse or finger, or moved with the arrow keys. */
export function ProfileLine({ line: [from, to], onChange }: LineProps) {
  return (
    <>
      <svg className={styles.line} viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        <line x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
      </svg>
      <LineEnd name="Start" spot={from} onMove={(spot) => onChange([spot, to])} />
      <LineEnd name="End" spot={to} onMove={(spot) => onChange([from, spot])} />
    </>
  );
}

interface EndProps {
  name: string;
  spot: Spot;
  onMove: (spot: Spot) => void;
}

function LineEnd({ name, spot, onMove }: EndProps) {
  const move = (across: number, down: number) => onMove([inside(across), inside(down)]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    move(spot[0] + step[0], spot[1] + step[1]);
  };
  const onPointerMove = ({ currentTarget, pointerId, clientX, clientY }: PointerEvent<HTMLElement>) => {
    const pictures = currentTarget.parentElement;
    if (!pictures || !currentTarget.hasPointerCapture(pointerId)) return;
    const { left, top, width, height } = pictures.getBoundingClientRect();
    move((clientX - left) / width, (clientY - top) / height);
  };
  const [across, down] = spot.map((part) => Math.round(100 * part));
  return (
    <button
      type="button"
      className={styles.end}
      style={{ left: `${100 * spot[0]}%`, top: `${100 * spot[1]}%` }}
      aria-label={`${name} of the profile: ${across} % across, ${down} % down; arrow keys move it`}
      onKeyDown={onKeyDown}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={onPointerMove}
    />
  );
}

function inside(part: number): number {
  return Math.min(Math.max(part, 0), 1);
}
