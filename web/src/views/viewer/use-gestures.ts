import { type RefObject, useEffect, useEffectEvent } from 'react';
import type { Tool } from './desk-state.ts';
import type { Point } from './geometry.ts';
import { isMeasure } from './measure.ts';

/** What a drag does: a tool, or what a button or key makes of it. */
export type Drag = Extract<Tool, 'window' | 'pan' | 'zoom' | 'scroll' | 'cross'>;

/** What a pane is told; places are CSS pixels from its upper left corner. */
export interface Gestures {
  /** A drag has moved on, by so much since it was last told. */
  onDrag(drag: Drag, moved: Point, place: Point): void;
  /** A point is meant: placed with the first touch, and again where a drag ends. */
  onPress(place: Point): void;
  onRelease(place: Point, dragged: boolean): void;
  /** The press was the first finger of two. */
  onAbort(): void;
  /** The pointer is there, or has left. */
  onHover(place: Point | undefined): void;
  /** Two fingers, or the wheel with Ctrl, have zoomed and moved. */
  onPinch(factor: number, moved: Point, place: Point): void;
  /** The wheel has turned by so many notches. */
  onTurn(notches: number, place: Point): void;
}

const DRAGGED_FROM = 5;
const NOTCH = 100;

/** Mouse, pen and touch: the left button is the tool's, the right one zooms, the middle one or Shift pans; two fingers zoom and pan. */
export function useGestures(element: RefObject<HTMLElement | null>, tool: Tool, gestures: Gestures): void {
  const tell = useEffectEvent((act: (now: Gestures) => void) => act(gestures));
  const toolNow = useEffectEvent(() => tool);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const stop = new AbortController();
    const fingers = new Map<number, Point>();
    let drag: Drag | 'point' | undefined;
    let start: Point = [0, 0];
    let turned = 0;
    const placeOf = ({ clientX, clientY }: MouseEvent): Point => {
      const { left, top } = target.getBoundingClientRect();
      return [clientX - left, clientY - top];
    };
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      listener: (event: HTMLElementEventMap[Name]) => void,
    ) => target.addEventListener(name, listener, { signal: stop.signal, passive: false });

    on('pointerdown', (event) => {
      const place = placeOf(event);
      fingers.set(event.pointerId, place);
      target.setPointerCapture(event.pointerId);
      if (fingers.size > 1) {
        if (drag === 'point') tell((now) => now.onAbort());
        drag = undefined;
        return;
      }
      start = place;
      drag = dragOf(event, toolNow());
      if (drag === 'point') tell((now) => now.onPress(place));
      if (drag === 'cross') tell((now) => now.onDrag('cross', [0, 0], place));
    });
    on('pointermove', (event) => {
      const place = placeOf(event);
      const before = fingers.get(event.pointerId);
      if (before && fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)![1];
        fingers.set(event.pointerId, place);
        const factor = apart(place, other) / Math.max(apart(before, other), 1);
        const moved: Point = [(place[0] - before[0]) / 2, (place[1] - before[1]) / 2];
        return tell((now) => now.onPinch(factor, moved, [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2]));
      }
      if (before) fingers.set(event.pointerId, place);
      if (!before || drag === undefined || drag === 'point') return tell((now) => now.onHover(place));
      const kind = drag;
      tell((now) => now.onDrag(kind, [place[0] - before[0], place[1] - before[1]], place));
    });
    const end = (event: PointerEvent) => {
      if (!fingers.delete(event.pointerId) || drag !== 'point') return;
      drag = undefined;
      const place = placeOf(event);
      tell((now) => now.onRelease(place, apart(place, start) > DRAGGED_FROM));
    };
    on('pointerup', end);
    on('pointercancel', end);
    on('pointerleave', () => tell((now) => now.onHover(undefined)));
    on('contextmenu', (event) => event.preventDefault());
    on('wheel', (event) => {
      event.preventDefault();
      const place = placeOf(event);
      // A pinch on a touchpad comes as a wheel with Ctrl.
      if (event.ctrlKey) return tell((now) => now.onPinch(Math.exp(-event.deltaY / 200), [0, 0], place));
      turned += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / NOTCH : event.deltaY;
      const notches = Math.trunc(turned);
      turned -= notches;
      if (notches !== 0) tell((now) => now.onTurn(notches, place));
    });
    return () => stop.abort();
  }, [element]);
}

function dragOf({ button, shiftKey }: PointerEvent, tool: Tool): Drag | 'point' {
  if (button === 1 || shiftKey) return 'pan';
  if (button === 2) return 'zoom';
  return isMeasure(tool) ? 'point' : tool;
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
