import {
  type Dispatch,
  type KeyboardEvent,
  type PointerEvent,
  type SetStateAction,
  useId,
  useRef,
  useState,
} from 'react';
import { Button } from '../../components/button.tsx';
import { Film } from '../../components/film.tsx';
import { type FilmSize, pathOf, type Stroke } from './mask.ts';
import styles from './mask-drawing.module.css';

interface MaskDrawingProps extends FilmSize {
  url: string;
  strokes: readonly Stroke[];
  onChange: Dispatch<SetStateAction<readonly Stroke[]>>;
}

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A film on which one draws what is to be filled in: by mouse, pen or finger, or with the arrow keys and space. */
export function MaskDrawing({ url, columns, rows, strokes, onChange }: MaskDrawingProps) {
  const [share, setShare] = useState(5);
  const [erases, setErases] = useState(false);
  const [brush, setBrush] = useState<readonly [number, number]>([columns / 2, rows / 2]);
  const pressed = useRef(false);
  const hidden = useId();
  const width = Math.max((share / 100) * columns, 1);

  const begin = (...points: Stroke['points']) => onChange((before) => [...before, { points, width, erases }]);
  // Points may come faster than they are drawn, so each goes on from the one before.
  const goOn = (point: Stroke['points'][number]) =>
    onChange((before) => {
      const last = before.at(-1)!;
      return [...before.slice(0, -1), { ...last, points: [...last.points, point] }];
    });

  const pointAt = ({ currentTarget, clientX, clientY }: PointerEvent): readonly [number, number] => {
    const { left, top, width: across, height: down } = currentTarget.getBoundingClientRect();
    return [((clientX - left) / across) * columns, ((clientY - top) / down) * rows];
  };

  const byKey = (event: KeyboardEvent) => {
    const [right, down] = ARROWS[event.key] ?? [0, 0];
    if (event.key === ' ') begin(brush);
    else if (right === 0 && down === 0) return;
    else {
      const next = [
        within(brush[0] + (right * width) / 2, columns),
        within(brush[1] + (down * width) / 2, rows),
      ] as const;
      setBrush(next);
      if (event.shiftKey) begin(brush, next);
    }
    event.preventDefault();
  };

  return (
    <div className={styles.drawing}>
      {/* As wide as the dialog, but never so high that the buttons are out of sight. */}
      <div className={styles.film} style={{ width: `min(100%, ${(50 * columns) / rows}vh)` }}>
        <Film url={url} alt="The film" />
        <svg
          className={styles.over}
          viewBox={`0 0 ${columns} ${rows}`}
          role="application"
          aria-label="Draw over what is to be filled in. Arrow keys move the brush, space draws, shift and an arrow key draw a line."
          tabIndex={0}
          onKeyDown={byKey}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            pressed.current = true;
            begin(pointAt(event));
          }}
          onPointerMove={(event) => {
            const point = pointAt(event);
            setBrush(point);
            if (pressed.current) goOn(point);
          }}
          onPointerUp={() => (pressed.current = false)}
          onPointerCancel={() => (pressed.current = false)}
        >
          <mask id={hidden} maskUnits="userSpaceOnUse" x={0} y={0} width={columns} height={rows}>
            {strokes.map((stroke, index) => (
              <path
                key={index}
                d={pathOf(stroke)}
                fill="none"
                stroke={stroke.erases ? '#000' : '#fff'}
                strokeWidth={stroke.width}
                strokeLinecap="round"
                strokeLinejoin="round"
              />
            ))}
          </mask>
          <rect className={styles.hidden} width={columns} height={rows} mask={`url(#${hidden})`} />
          <circle className={styles.brush} cx={brush[0]} cy={brush[1]} r={width / 2} />
        </svg>
      </div>
      <div className={styles.tools}>
        <label>
          Brush
          <input
            type="range"
            min={1}
            max={25}
            value={share}
            aria-valuetext={`${share} % of the film's width`}
            onChange={({ target }) => setShare(Number(target.value))}
          />
        </label>
        <Button small aria-pressed={erases} onClick={() => setErases(!erases)}>
          Eraser
        </Button>
        <Button small disabled={strokes.length === 0} onClick={() => onChange((before) => before.slice(0, -1))}>
          Undo
        </Button>
        <Button small disabled={strokes.length === 0} onClick={() => onChange([])}>
          Clear
        </Button>
      </div>
    </div>
  );
}

function within(value: number, end: number): number {
  return Math.min(Math.max(value, 0), end);
}
