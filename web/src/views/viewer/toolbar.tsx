import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import type { DeskState, PaneState, Tool } from './desk-state.ts';
import { TOOLS } from './desk-state.ts';
import { WHOLE } from './geometry.ts';
import { HANGINGS, type Hanging } from './hanging.ts';
import { COLOR_MAPS, type ColorMap } from './paint.ts';
import { type Plane, PLANES } from './planes.ts';
import { PRESETS, presetWindow, type Stack } from './stack.ts';
import styles from './desk.module.css';

interface ToolbarProps {
  desk: DeskState;
  /** The hangings that the participant has images for. */
  hangings: readonly Hanging[];
  /** What the active pane shows; undefined while it loads. */
  stack: Stack | undefined;
  playing: boolean;
  full: boolean;
  onHang: (hanging: Hanging) => void;
  onDesk: (change: Partial<DeskState>) => void;
  onPane: (change: Partial<PaneState>) => void;
  onPlay: () => void;
  onFullScreen: () => void;
  onHelp: () => void;
}

/** Hanging, tools, and the looks of the active picture. */
export function Toolbar(props: ToolbarProps) {
  const { desk, hangings, stack, playing, full } = props;
  const { onHang, onDesk, onPane, onPlay, onFullScreen, onHelp } = props;
  const pane = desk.panes[desk.active]!;
  const preset = stack && PRESETS.findIndex(({ range }) => sameWindow(pane, stack, range));
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Viewer">
      <Choice label="Hanging" value={desk.hanging} onChange={(value) => onHang(value as Hanging)}>
        {hangings.map((name) => (
          <option key={name} value={name}>
            {HANGINGS[name]}
          </option>
        ))}
      </Choice>
      <div className={styles.tools} role="group" aria-label="Tool">
        {Object.entries(TOOLS).map(([name, { name: label, key }]) => (
          <button
            key={name}
            type="button"
            aria-pressed={desk.tool === name}
            aria-keyshortcuts={key}
            title={`${label} (${key})`}
            onClick={() => onDesk({ tool: name as Tool })}
          >
            {label}
          </button>
        ))}
      </div>
      <Choice
        label="Window"
        value={preset === undefined || preset < 0 ? 'own' : String(preset)}
        onChange={(value) => {
          const chosen = PRESETS[Number(value)];
          if (chosen && stack) onPane({ window: presetWindow(stack, chosen.range) });
        }}
      >
        {PRESETS.map(({ name }, index) => (
          <option key={name} value={index}>
            {name}
          </option>
        ))}
        <option value="own" disabled>
          by hand
        </option>
      </Choice>
      <Choice label="Colours" value={pane.map} onChange={(value) => onPane({ map: value as ColorMap })}>
        {COLOR_MAPS.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Choice>
      {pane.image.kind === 'series' && desk.hanging !== 'planes' && (
        <Choice
          label="Plane"
          value={pane.plane}
          onChange={(value) => onPane({ plane: value as Plane, slice: undefined, sight: WHOLE })}
        >
          {PLANES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Choice>
      )}
      <div className={styles.buttons}>
        <Button small onClick={() => onPane({ sight: WHOLE })}>
          Fit
        </Button>
        {pane.image.kind === 'series' && (
          <Button small aria-pressed={playing} disabled={!stack} onClick={onPlay}>
            {playing ? 'Stop' : 'Play'}
          </Button>
        )}
        {desk.panes.length > 1 && desk.hanging !== 'planes' && (
          <Button small aria-pressed={desk.linked} onClick={() => onDesk({ linked: !desk.linked })}>
            {desk.linked ? 'Linked' : 'Link'}
          </Button>
        )}
        <Button small aria-pressed={full} onClick={onFullScreen}>
          Full screen
        </Button>
        <Button small aria-label="Keys and gestures" onClick={onHelp}>
          ?
        </Button>
      </div>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      {label}
      <select value={value} onChange={({ target }) => onChange(target.value)}>
        {children}
      </select>
    </label>
  );
}

function sameWindow({ window }: PaneState, stack: Stack, range: readonly [number, number]): boolean {
  if (!window) return range === PRESETS[0].range;
  const [low, high] = presetWindow(stack, range);
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-4 * Math.max(high - low, 1e-9);
  return near(window[0], low) && near(window[1], high);
}
