import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { decimal } from '../../lib/words.ts';
import type { PaneState, Tool } from './desk-state.ts';
import { type Frame, moveBy, type Point, toPane, toPicture, zoomAt } from './geometry.ts';
import { ORIGIN_MARKS } from './images.ts';
import { isMeasure, type MeasureKind, type Measurement, MEASURES, valueText, measured } from './measure.ts';
import type { ShownMeasurement } from './measurement-store.ts';
import { Overlay } from './overlay.tsx';
import { colorTable, drawSlice } from './paint.ts';
import { PRESETS, presetWindow, type Stack, type Window } from './stack.ts';
import { useGestures } from './use-gestures.ts';
import styles from './desk.module.css';

interface ImagePaneProps {
  /** Position among the panes, from 0. */
  index: number;
  state: PaneState;
  stack: Stack;
  tool: Tool;
  active: boolean;
  /** Where the crosshair is, in pixels of the picture. */
  cross: Point | undefined;
  measurements: readonly ShownMeasurement[];
  onActivate: () => void;
  /** From what the pane shows by then: several moves may come before it is drawn. */
  onChange: (change: (before: PaneState) => Partial<PaneState>) => void;
  onCross: (column: number, row: number) => void;
  onMeasure: (kind: MeasureKind, points: readonly Point[]) => void;
  onAdjust: (measurement: Measurement, points: readonly Point[]) => void;
  /** Keys that are no business of the pane. */
  onKey: (event: KeyboardEvent) => void;
}

/** The size of a pixel that nobody knows: as many of it as of any unit. */
const UNKNOWN = [1, 1] as const;

/** How near a pointer must be to a point to take hold of it, CSS pixels. */
const GRIP = 12;

/** A picture with the tools upon it; by keyboard, pointer and touch. */
export function ImagePane(props: ImagePaneProps) {
  const { index, state, stack, tool, active, cross, measurements } = props;
  const { onActivate, onChange, onCross, onMeasure, onAdjust, onKey } = props;
  const { image, plane, sight, map } = state;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [scratch] = useState(() => document.createElement('canvas'));
  const [size, setSize] = useState<Point>();
  const [cursor, setCursor] = useState<Point>();
  const [draft, setDraft] = useState<readonly Point[]>([]);
  const [held, setHeld] = useState<{ id: string; point: number }>();
  const slice = sliceOf(state, stack);
  const window = windowOf(state, stack);
  const [low, high] = window;
  const { columns, rows } = stack;
  const pixel = stack.spacing ?? UNKNOWN;
  const frame: Frame = { width: size?.[0] ?? 1, height: size?.[1] ?? 1, columns, rows, pixel };
  const here = measurements.filter((one) => one.slice === slice && (image.kind === 'film' || one.plane === plane));

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setSize([element.clientWidth, element.clientHeight]));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const { width, height } = frame;
  useLayoutEffect(() => {
    if (!canvas.current || !size) return;
    const shown = { stack, slice, window: [low, high], map } as const;
    drawSlice(canvas.current, scratch, shown, { width, height, columns, rows, pixel }, sight);
  }, [scratch, size, stack, slice, low, high, map, width, height, columns, rows, pixel, sight]);
  // A half-made measurement belongs to the tool, the slice and the picture that it was begun with.
  useEffect(() => setDraft([]), [tool, slice, plane, image.key]);

  const turn = (by: number) => onChange((before) => ({ slice: bounded(sliceOf(before, stack) + by, stack.slices) }));
  const toImage = (place: Point) => toPicture(frame, sight, place);
  const put = (point: Point) => {
    if (!isMeasure(tool)) return;
    const points = [...draft, inside(point, stack)];
    if (points.length < MEASURES[tool].points.length) return setDraft(points);
    setDraft([]);
    onMeasure(tool, points);
  };
  const gripAt = (place: Point) => {
    for (const { id, points, canChange } of here) {
      if (!canChange) continue;
      const point = points.findIndex((one) => {
        const [left, top] = toPane(frame, sight, one);
        return Math.hypot(left - place[0], top - place[1]) < GRIP;
      });
      if (point >= 0) return { id, point };
    }
    return undefined;
  };
  const moveHeld = (place: Point) => {
    const measurement = here.find(({ id }) => id === held?.id);
    if (!measurement || !held) return;
    onAdjust(measurement, measurement.points.with(held.point, inside(toImage(place), stack)));
  };
  useGestures(box, tool, {
    onPress(place) {
      onActivate();
      const grip = draft.length === 0 ? gripAt(place) : undefined;
      if (grip) return setHeld(grip);
      setCursor(toImage(place));
      put(toImage(place));
    },
    onRelease(place, dragged) {
      if (held) return setHeld(undefined);
      if (dragged && draft.length > 0) put(toImage(place));
    },
    onAbort() {
      setHeld(undefined);
      setDraft((before) => before.slice(0, -1));
    },
    onHover(place) {
      if (held && place) return moveHeld(place);
      setCursor(place && toImage(place));
    },
    onDrag(drag, moved, place) {
      onActivate();
      setCursor(toImage(place));
      const [right, downwards] = moved;
      const middle: Point = [frame.width / 2, frame.height / 2];
      if (drag === 'pan') onChange((before) => ({ sight: moveBy(frame, before.sight, moved) }));
      if (drag === 'zoom')
        onChange((before) => ({ sight: zoomAt(frame, before.sight, Math.exp(-downwards / 150), middle) }));
      if (drag === 'window')
        onChange((before) => ({ window: draggedWindow(windowOf(before, stack), right, downwards) }));
      if (drag === 'scroll') turn(Math.sign(downwards));
      if (drag === 'cross') onCross(...inside(toImage(place), stack));
    },
    onPinch: (factor, moved, place) =>
      onChange((before) => ({ sight: moveBy(frame, zoomAt(frame, before.sight, factor, place), moved) })),
    onTurn(notches, place) {
      onActivate();
      if (stack.slices > 1) turn(notches);
      else onChange((before) => ({ sight: zoomAt(frame, before.sight, 1.2 ** -notches, place) }));
    },
  });

  /** A measurement by keyboard: arrows move the cursor (with Shift ten pixels), Enter puts a point, Escape gives up. */
  const onMeasureKey = (event: KeyboardEvent): boolean => {
    const step = STEPS[event.key];
    if (step) {
      const [column, row] = cursor ?? [sight.x * columns, sight.y * rows];
      const far = event.shiftKey ? 10 : 1;
      setCursor(inside([column + step[0] * far, row + step[1] * far], stack));
      return true;
    }
    if (event.key === 'Enter' && cursor) {
      put(cursor);
      return true;
    }
    if (event.key === 'Escape' && draft.length > 0) {
      setDraft([]);
      return true;
    }
    return false;
  };
  const wanted = isMeasure(tool) ? MEASURES[tool].points[draft.length] : undefined;
  const preview =
    isMeasure(tool) && cursor && draft.length > 0 && draft.length === MEASURES[tool].points.length - 1
      ? valueText(measured(tool, [...draft, cursor], stack.spacing))
      : undefined;
  return (
    <figure className={`${styles.pane} ${active ? styles.active : ''}`} data-drawn={size !== undefined}>
      <div
        ref={box}
        className={styles.box}
        role="application"
        aria-roledescription="image viewer"
        aria-label={`Picture ${index + 1}: ${image.name}, ${image.whose}`}
        tabIndex={0}
        onFocus={onActivate}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (isMeasure(tool) && onMeasureKey(event)) event.preventDefault();
          else onKey(event);
        }}
      >
        <canvas ref={canvas} className={styles.canvas} />
        {size && (
          <Overlay
            frame={frame}
            sight={sight}
            marks={stack.marks}
            measurements={here}
            draft={draft}
            cursor={isMeasure(tool) ? cursor : undefined}
            cross={cross}
          />
        )}
        {ORIGIN_MARKS[image.provenance] !== null && (
          <span className={styles.origin}>{ORIGIN_MARKS[image.provenance]}</span>
        )}
        <p className={styles.readout}>
          {stack.slices > 1 && (
            <span>
              {plane} {slice + 1} / {stack.slices}
              {stack.gap !== null && `, ${decimal(slice * stack.gap, 1)} mm`}
            </span>
          )}
          <span>
            W {compact(high - low)} L {compact((low + high) / 2)}
          </span>
          <span>{preview ?? (wanted && active ? `Put ${wanted}` : cursorText(cursor, stack, slice))}</span>
        </p>
        <ColorBar window={window} map={map} />
      </div>
      <figcaption>
        {image.name}, {image.whose}
      </figcaption>
    </figure>
  );
}

const STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The slice that a pane shows: the middle one until another is chosen. */
export function sliceOf({ slice }: Pick<PaneState, 'slice'>, { slices }: Pick<Stack, 'slices'>): number {
  return bounded(slice ?? Math.floor(slices / 2), slices);
}

export function windowOf({ window }: Pick<PaneState, 'window'>, stack: Stack): Window {
  return window ?? presetWindow(stack, PRESETS[0].range);
}

export function bounded(slice: number, slices: number): number {
  return Math.min(Math.max(slice, 0), slices - 1);
}

/** To the right wider, upwards brighter: 300 CSS pixels are as much as the window is wide. */
function draggedWindow([low, high]: Window, right: number, downwards: number): Window {
  const width = high - low;
  const level = (low + high) / 2 + (downwards / 300) * width;
  const next = Math.max(width * Math.exp(right / 200), 1e-6);
  return [level - next / 2, level + next / 2];
}

function inside([column, row]: Point, { columns, rows }: Stack): [number, number] {
  return [Math.min(Math.max(column, 0), columns - 1), Math.min(Math.max(row, 0), rows - 1)];
}

/** Where the pointer is and what is there: "R 12.1 A 3.0 S 40.2 mm: 1,234". */
function cursorText(cursor: Point | undefined, stack: Stack, slice: number): string {
  if (!cursor) return '';
  const [column, row] = cursor.map(Math.round) as [number, number];
  if (column < 0 || row < 0 || column >= stack.columns || row >= stack.rows) return '';
  const value = compact(stack.slice(slice)[row * stack.columns + column]!);
  const place = stack.place?.(column, row, slice);
  if (place) {
    const sides = ['RL', 'AP', 'SI'].map(
      (pair, axis) => pair[place[axis]! < 0 ? 1 : 0] + ' ' + decimal(Math.abs(place[axis]!), 1),
    );
    return `${sides.join(' ')} mm: ${value}`;
  }
  const [across, down] = stack.spacing ?? [1, 1];
  const unit = stack.spacing ? 'mm' : 'px';
  const digits = stack.spacing ? 1 : 0;
  return `${decimal(column * across, digits)}, ${decimal(row * down, digits)} ${unit}: ${value}`;
}

const NUMBER = new Intl.NumberFormat('en', { maximumSignificantDigits: 5 });

function compact(value: number): string {
  return NUMBER.format(value);
}

function ColorBar({ window: [low, high], map }: { window: Window; map: PaneState['map'] }) {
  const table = colorTable(map);
  const stops = Array.from({ length: 9 }, (_, step) => {
    const color = table[Math.min(step * 32, 255)]!;
    return `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;
  });
  return (
    <span className={styles.bar}>
      <span>{compact(high)}</span>
      <span className={styles.ramp} style={{ background: `linear-gradient(to top, ${stops.join(', ')})` }} />
      <span>{compact(low)}</span>
    </span>
  );
}
