import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { fetchVolume, type Volume } from '../../lib/nifti.ts';
import type { Generation } from '../generations/queries.ts';
import { unchangedRun } from '../generations/same-run.ts';
import { openFlatPane } from './flat-pane.ts';
import { difference, onGrid, type OnGrid } from './grid.ts';
import { ORIGIN_MARKS } from './images.ts';
import { hasWebgl, type Layer, openPane, type Pane, type Place } from './pane.ts';
import { type Source, sourcesOf } from './sources.ts';
import styles from './viewer.module.css';
import { LEAFING } from './leafing.ts';

const MODES = { side: 'side by side', overlay: 'overlay', difference: 'difference' } as const;

type Mode = keyof typeof MODES;

/** Two volumes of one knee on one grid: side by side with one crosshair, one over the other, or what differs. */
export function Viewer({ generation }: { generation: Generation }) {
  const sources = sourcesOf(generation);
  const [params, setParams] = useSearchParams();
  const own = sources.find(({ key }) => key === generation.id) ?? sources[0];
  // What a what-if changed is seen against the same run without it.
  const base = generation.featureOverrides.length > 0 ? unchangedRun(generation)?.id : undefined;
  const left =
    sources.find(({ key }) => key === params.get('left')) ??
    sources.find(({ key }) => key === base) ??
    sources.find((source) => source !== own) ??
    own;
  const right = sources.find(({ key }) => key === params.get('right')) ?? own;
  const given = params.get('mode') as Mode;
  const mode: Mode = given in MODES ? given : base ? 'difference' : 'side';
  const choose = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.set(name, value);
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  if (!left || !right) return null;
  const select = (name: 'left' | 'right', label: string, value: Source) => (
    <label>
      {label}
      <select value={value.key} onChange={({ target }) => choose(name, target.value)}>
        {sources.map(({ key, label: text }) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Card
      title="Compare"
      note="Click or drag in a picture to move the crosshair, turn the wheel or press ← and → to go through the slices; both volumes follow."
      actions={
        <div className={styles.modes} role="group" aria-label="How to compare">
          {Object.entries(MODES).map(([name, label]) => (
            <button key={name} type="button" aria-pressed={mode === name} onClick={() => choose('mode', name)}>
              {label}
            </button>
          ))}
        </div>
      }
    >
      <div className={styles.choice}>
        {select('left', mode === 'side' ? 'Left' : 'Below', left)}
        {select('right', mode === 'side' ? 'Right' : mode === 'overlay' ? 'Above' : 'Compared', right)}
      </div>
      <Scene
        key={`${mode} ${left.key} ${right.key}`}
        mode={mode}
        left={left}
        right={right}
        slices={generation.sliceCount ?? 1}
      />
    </Card>
  );
}

interface SceneProps {
  mode: Mode;
  left: Source;
  right: Source;
  slices: number;
}

/** How strong the upper volume is at first: the anatomy below stays in sight. */
const TINT = 0.35;

const MIDDLE: Place = [0.5, 0.5, 0.5];

function Scene({ mode, left, right, slices }: SceneProps) {
  const first = useRef<HTMLCanvasElement>(null);
  const second = useRef<HTMLCanvasElement>(null);
  const panes = useRef<Pane[]>([]);
  const [ready, setReady] = useState(false);
  const [fault, setFault] = useState<string>();
  const [place, setPlace] = useState<Place>(MIDDLE);
  const [opacity, setOpacity] = useState(mode === 'overlay' ? TINT : 0.8);
  const [planes, setPlanes] = useState(false);
  const [flat, setFlat] = useState<Flatness | undefined>(() => (hasWebgl() ? undefined : 'missing'));

  useEffect(() => {
    const stop = new AbortController();
    const opened: Pane[] = [];
    const open = async () => {
      const [a, b] = await Promise.all([load(left, slices, stop.signal), load(right, slices, stop.signal)]);
      const scenes = layersOf(mode, a, b);
      const canvases = [first.current, second.current].slice(0, scenes.length);
      for (const [index, canvas] of canvases.entries()) {
        if (stop.signal.aborted || !canvas) return;
        const follow = (next: Place) => {
          setPlace(next);
          for (const other of opened) if (other !== pane) other.setPlace(next);
        };
        const pane: Pane = flat
          ? openFlatPane(canvas, follow)
          : await openPane(canvas, { onPlace: follow, onLost: () => setFlat('lost') });
        opened.push(pane);
        if (stop.signal.aborted) return pane.close();
        await pane.show(scenes[index]!);
      }
      panes.current = opened;
      setReady(true);
    };
    open().catch((error: unknown) => {
      if (!stop.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
    });
    return () => {
      stop.abort();
      for (const pane of opened) pane.close();
      panes.current = [];
      setReady(false);
    };
  }, [mode, left, right, slices, flat]);

  const step = 1 / Math.max(slices - 1, 1);
  const move = (next: Place) => {
    setPlace(next);
    for (const pane of panes.current) pane.setPlace(next);
  };
  const leaf = (event: KeyboardEvent) => {
    const distance = LEAFING[event.key];
    if (distance === undefined || !ready) return;
    event.preventDefault();
    const depth = Math.round(place[1] / step + distance) * step;
    move([place[0], Math.min(Math.max(depth, 0), 1), place[2]]);
  };
  if (fault) return <InlineError message={fault} />;
  const shown = mode === 'side' ? [left, right] : [right];
  return (
    <>
      <div className={mode === 'side' ? styles.pair : styles.single} data-ready={ready} onKeyDown={leaf}>
        {shown.map((source, index) => {
          const drawn = mode === 'side' ? [source] : [left, right];
          const marks = [...new Set(drawn.map(({ provenance }) => ORIGIN_MARKS[provenance]))].filter(
            (mark) => mark !== null,
          );
          return (
            <figure key={index} className={styles.pane}>
              <div className={styles.canvas}>
                {/* A canvas that was drawn on by the graphics card takes nothing else. */}
                <canvas
                  key={flat}
                  ref={index === 0 ? first : second}
                  aria-label={`${MODES[mode]}: ${source.label}`}
                  role="img"
                  tabIndex={0}
                />
              </div>
              {marks.length > 0 && <span className={styles.synthetic}>{marks.join(' and ')}</span>}
              <figcaption>{mode === 'side' ? source.label : `${left.label} and ${right.label}`}</figcaption>
            </figure>
          );
        })}
      </div>
      {!ready && (
        <p className={styles.loading} role="status">
          Loading the volumes …
        </p>
      )}
      {flat && <p className={styles.loading}>{FLAT[flat]}</p>}
      {mode === 'difference' && (
        <p className={styles.key}>
          <span className={styles.more}>brighter</span> or <span className={styles.less}>darker</span> in {right.label}{' '}
          by 0.1 to 0.6 of the range
        </p>
      )}
      <div className={styles.controls}>
        <label>
          posterior
          <input
            type="range"
            aria-label="Slice, posterior to anterior"
            min={0}
            max={1}
            step={step}
            value={place[1]}
            disabled={!ready}
            onChange={({ target }) => move([place[0], Number(target.value), place[2]])}
          />
          anterior
        </label>
        {mode !== 'side' && (
          <label>
            opacity
            <input
              type="range"
              aria-label="Opacity of the upper layer"
              min={0}
              max={1}
              step={0.05}
              value={opacity}
              disabled={!ready}
              onChange={({ target }) => {
                setOpacity(Number(target.value));
                for (const pane of panes.current) pane.setOpacity(1, Number(target.value));
              }}
            />
          </label>
        )}
        {!flat && (
          <label>
            <input
              type="checkbox"
              checked={planes}
              disabled={!ready}
              onChange={({ target }) => {
                setPlanes(target.checked);
                for (const pane of panes.current) pane.setView?.(target.checked ? 'planes' : 'coronal');
              }}
            />
            all three planes
          </label>
        )}
      </div>
    </>
  );
}

/** Why the graphics card does not draw. */
type Flatness = 'missing' | 'lost';

const FLAT: Record<Flatness, string> = {
  missing: 'This browser has no WebGL2: coronal slices are drawn without the graphics card.',
  lost: 'The graphics card has given up its picture: coronal slices are drawn without it. Reload the page to try it again.',
};

interface Loaded {
  grid: OnGrid;
  volume: Volume;
  synthetic: boolean;
}

async function load({ url, synthetic }: Source, slices: number, signal: AbortSignal): Promise<Loaded> {
  const volume = await fetchVolume(url, signal);
  return { grid: onGrid(volume, synthetic, slices), volume, synthetic };
}

/** What each pane draws. Both volumes get the place in space of a generated one, so that their crosshairs agree. */
function layersOf(mode: Mode, a: Loaded, b: Loaded): Layer[][] {
  const reference = [b, a].find(({ synthetic }) => synthetic) ?? b;
  const { affine, spacing } = reference.volume;
  const shared = { affine, spacing: spacing[2] };
  const grey = (grid: OnGrid): Layer => ({ ...shared, grid, colormap: 'gray', range: [0, 1], opacity: 1 });
  if (mode === 'side') return [[grey(a.grid)], [grey(b.grid)]];
  if (mode === 'overlay')
    return [[grey(a.grid), { ...grey(b.grid), colormap: 'warm', range: [0.25, 1], opacity: TINT }]];
  const layer: Layer = {
    ...shared,
    grid: difference(a.grid, b.grid),
    colormap: 'warm',
    negative: 'winter',
    range: [0.1, 0.6],
    opacity: 0.8,
  };
  return [[grey(a.grid), layer]];
}
