import { Dialog } from '../../components/dialog.tsx';
import { TOOLS } from './desk-state.ts';
import { PRESETS } from './stack.ts';
import styles from './desk.module.css';

const KEYS: readonly (readonly [string, string])[] = [
  ...Object.values(TOOLS).map(({ key, name }) => [key, `tool: ${name.toLowerCase()}`] as const),
  ['← →', 'slice before, slice after'],
  ['Page Up, Page Down', 'ten slices'],
  ['Home, End', 'first slice, last slice'],
  ['Space', 'play or stop the slices'],
  ['v', 'next plane of a series'],
  ...PRESETS.map(({ name }, index) => [String(index + 1), `window: ${name}`] as const),
  ['[ ]', 'window narrower, wider'],
  [', .', 'level down, up'],
  ['i', 'invert'],
  ['c', 'next colour map'],
  ['+ −', 'nearer, farther'],
  ['Shift with arrows', 'pan'],
  ['0', 'fit the picture into its frame'],
  ['Tab', 'next picture'],
  ['f', 'full screen'],
  ['?', 'this sheet'],
];

/** The keys while a picture has the focus, and what the pointer does. */
export function Hotkeys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys and gestures" onClose={onClose}>
      <p>Keys act on the picture that has the focus.</p>
      <dl className={styles.keys}>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h3>To measure by keyboard</h3>
      <p>
        Choose a measuring tool. The arrows move a cursor by one pixel, with Shift by ten; Enter puts a point; Escape
        gives up.
      </p>
      <h3>Mouse and touch</h3>
      <p>
        Drag: the chosen tool. Shift or middle button: pan. Right button: zoom. Wheel: slices of a series, zoom of a
        film; with Ctrl always zoom. Two fingers: zoom and pan. Points of a measurement can be dragged while a measuring
        tool is chosen.
      </p>
    </Dialog>
  );
}
