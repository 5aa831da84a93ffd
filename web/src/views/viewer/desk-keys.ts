import type { DeskState, PaneState, Tool } from './desk-state.ts';
import { TOOLS } from './desk-state.ts';
import { WHOLE, type Sight, ZOOM } from './geometry.ts';
import { bounded, sliceOf, windowOf } from './image-pane.tsx';
import { COLOR_MAPS } from './paint.ts';
import { PLANES } from './planes.ts';
import { PRESETS, presetWindow, type Stack, type Window } from './stack.ts';
import { LEAFING } from './leafing.ts';

/** What a key asks for: a change of the pane or of the desk, or something that is not part of what is seen. */
export type KeyAct =
  | { pane: (before: PaneState) => Partial<PaneState> }
  | { desk: Partial<DeskState> }
  | { act: 'play' | 'full-screen' | 'help' };

interface Key {
  key: string;
  shiftKey: boolean;
}

const PANNING: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The meaning of a key in a pane that shows a stack; undefined for a key that means nothing. */
export function keyAct({ key, shiftKey }: Key, stack: Stack): KeyAct | undefined {
  const panning = PANNING[key];
  if (shiftKey && panning) return { pane: ({ sight }) => ({ sight: panned(sight, panning) }) };
  const leafing = LEAFING[key];
  if (leafing !== undefined)
    return stack.slices > 1
      ? { pane: (before) => ({ slice: bounded(sliceOf(before, stack) + leafing, stack.slices) }) }
      : undefined;
  const preset = PRESETS[Number(key) - 1];
  if (preset) return { pane: () => ({ window: presetWindow(stack, preset.range) }) };
  const tool = Object.entries(TOOLS).find(([, known]) => known.key === key)?.[0] as Tool | undefined;
  if (tool) return { desk: { tool } };
  switch (key) {
    case '[':
      return { pane: (before) => ({ window: widened(windowOf(before, stack), 1 / 1.15) }) };
    case ']':
      return { pane: (before) => ({ window: widened(windowOf(before, stack), 1.15) }) };
    case ',':
      return { pane: (before) => ({ window: shifted(windowOf(before, stack), -0.05) }) };
    case '.':
      return { pane: (before) => ({ window: shifted(windowOf(before, stack), 0.05) }) };
    case 'i':
      return { pane: ({ map }) => ({ map: map === 'inverted' ? 'grey' : 'inverted' }) };
    case 'c':
      return { pane: ({ map }) => ({ map: after(COLOR_MAPS, map) }) };
    case 'v':
      return stack.cut && { pane: ({ plane }) => ({ plane: after(PLANES, plane), slice: undefined, sight: WHOLE }) };
    case '+':
    case '=':
      return { pane: ({ sight }) => ({ sight: { ...sight, zoom: Math.min(sight.zoom * 1.2, ZOOM.most) } }) };
    case '-':
      return { pane: ({ sight }) => ({ sight: { ...sight, zoom: Math.max(sight.zoom / 1.2, ZOOM.least) } }) };
    case '0':
      return { pane: () => ({ sight: WHOLE }) };
    case ' ':
      return stack.slices > 1 ? { act: 'play' } : undefined;
    case 'f':
      return { act: 'full-screen' };
    case '?':
      return { act: 'help' };
    default:
      return undefined;
  }
}

function after<T>(values: readonly T[], value: T): T {
  return values[(values.indexOf(value) + 1) % values.length]!;
}

function widened([low, high]: Window, factor: number): Window {
  const [level, half] = [(low + high) / 2, ((high - low) * factor) / 2];
  return [level - half, level + half];
}

function shifted([low, high]: Window, share: number): Window {
  const by = (high - low) * share;
  return [low + by, high + by];
}

function panned({ zoom, x, y }: Sight, [right, down]: readonly [number, number]): Sight {
  const step = 0.05 / zoom;
  const share = (value: number) => Math.min(Math.max(value, 0), 1);
  return { zoom, x: share(x + right * step), y: share(y + down * step) };
}
