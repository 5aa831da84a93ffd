import { type KeyboardEvent, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { randomKey } from '../../lib/random-key.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { keyAct } from './desk-keys.ts';
import { type DeskState, hungPanes, type PaneState, paneOf, readDesk, writeDesk } from './desk-state.ts';
import type { Point } from './geometry.ts';
import { hang, HANGINGS, type Hanging } from './hanging.ts';
import { Hotkeys } from './hotkeys.tsx';
import { bounded, ImagePane, sliceOf } from './image-pane.tsx';
import type { ShownImage } from './images.ts';
import { type MeasureKind, measured, MEASURES } from './measure.ts';
import { type Listed, MeasurementList } from './measurement-list.tsx';
import { useMeasurements } from './measurement-store.ts';
import type { Stack } from './stack.ts';
import { Thumbnails } from './thumbnails.tsx';
import { Toolbar } from './toolbar.tsx';
import { useFullScreen } from './use-full-screen.ts';
import { useImages } from './use-images.ts';
import styles from './desk.module.css';

interface DeskProps {
  participant: string;
  /** At least one. */
  images: readonly ShownImage[];
  /** What is shown where the address says nothing. */
  first: ShownImage;
}

/** Milliseconds between slices while they play. */
const PLAY_EVERY = 120;

/** A participant's images, hung side by side, with tools; the address holds what is seen. */
export function Desk({ participant, images, first }: DeskProps) {
  const [params, setParams] = useSearchParams();
  const [desk, setDesk] = useState<DeskState>(() => readDesk(params, images, first));
  const [playing, setPlaying] = useState(false);
  const [help, setHelp] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const [full, toggleFull] = useFullScreen(root);
  const { panes, active } = desk;
  const shown = [...new Map(panes.map(({ image }) => [image.id, image])).values()];
  const store = useMeasurements(shown.map(({ id }) => id));
  const arrivals = useImages(panes.map(({ image }) => image));
  const stackOf = ({ image, plane }: PaneState): Stack | undefined => arrivals.get(image.key)?.loaded?.along(plane);

  // Dragging changes much that no address needs to hold.
  const settled = useSettled(desk, 250);
  const write = useEffectEvent((state: DeskState) =>
    setParams((before) => writeDesk(state, before), { replace: true, preventScrollReset: true }),
  );
  useEffect(() => write(settled), [settled]);

  const changePane = (index: number, change: (before: PaneState) => Partial<PaneState>) =>
    setDesk((before) => ({ ...before, panes: changed(before, index, change, stackOf) }));
  const changeActive = (change: Partial<PaneState>) => changePane(active, () => change);
  const activate = (index: number) =>
    setDesk((before) => (before.active === index ? before : { ...before, active: index }));
  const hangAs = (hanging: Hanging) => {
    const hung = hungPanes(hanging, images, panes[active]!.image);
    if (!hung) return;
    setPlaying(false);
    setDesk({
      ...desk,
      hanging,
      panes: hung,
      active: 0,
      cross: undefined,
      tool: hanging === 'planes' ? 'cross' : 'window',
    });
  };
  const open = (image: ShownImage) => {
    setPlaying(false);
    if (desk.hanging !== 'planes')
      return setDesk({ ...desk, panes: panes.with(active, paneOf(image)), cross: undefined });
    const hung = image.kind === 'series' ? hungPanes('planes', images, image) : undefined;
    setDesk({
      ...desk,
      hanging: hung ? 'planes' : 'single',
      panes: hung ?? [paneOf(image)],
      active: 0,
      cross: undefined,
    });
  };
  const setCross = (index: number, [column, row]: Point) => {
    const pane = panes[index]!;
    const stack = stackOf(pane);
    const voxel = stack?.cut?.toVoxel(Math.round(column), Math.round(row), sliceOf(pane, stack));
    if (!voxel) return;
    setDesk({
      ...desk,
      cross: voxel,
      panes: panes.map((other) => {
        const cut = other.image.key === pane.image.key ? stackOf(other)?.cut : undefined;
        return cut ? { ...other, slice: cut.fromVoxel(voxel).slice } : other;
      }),
    });
  };

  const measure = ({ image, plane, slice }: PaneState, stack: Stack, kind: MeasureKind, points: readonly Point[]) => {
    const number = store.of(image.id).filter((one) => one.kind === kind).length + 1;
    store.put(image.id, {
      id: randomKey(),
      kind,
      name: `${MEASURES[kind].name} ${number}`,
      note: '',
      plane: image.kind === 'series' ? plane : null,
      slice: sliceOf({ slice }, stack),
      points,
      ...measured(kind, points, stack.spacing),
    });
  };
  const listed = shown.flatMap((image) => store.of(image.id).map((measurement) => ({ image, measurement })));
  const show = ({ image, measurement: { plane, slice } }: Listed) => {
    const index = panes.findIndex((pane) => pane.image.id === image.id && (plane === null || pane.plane === plane));
    const at = Math.max(
      index,
      panes.findIndex((pane) => pane.image.id === image.id),
    );
    changePane(at, () => (plane === null ? {} : { plane, slice }));
    activate(at);
  };

  const step = useEffectEvent(() =>
    changePane(active, (before) => {
      const stack = stackOf(before);
      return stack ? { slice: (sliceOf(before, stack) + 1) % stack.slices } : {};
    }),
  );
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => step(), PLAY_EVERY);
    return () => clearInterval(timer);
  }, [playing]);

  const onKey = (index: number, stack: Stack, event: KeyboardEvent) => {
    const meant = keyAct(event, stack);
    if (!meant) return;
    event.preventDefault();
    if ('pane' in meant) changePane(index, meant.pane);
    else if ('desk' in meant) setDesk({ ...desk, ...meant.desk });
    else if (meant.act === 'play') setPlaying(!playing);
    else if (meant.act === 'full-screen') toggleFull();
    else setHelp(true);
  };

  const current = panes[active]!;
  const told = useSettled(wordsOf(current, stackOf(current)), 400);
  const hangings = (Object.keys(HANGINGS) as Hanging[]).filter((name) => hang(name, images, current.image));
  const loading = panes.some(({ image }) => !arrivals.has(image.key));
  return (
    <div ref={root} className={styles.desk} data-ready={!loading}>
      <Toolbar
        desk={desk}
        hangings={hangings}
        stack={stackOf(current)}
        playing={playing}
        full={full}
        onHang={hangAs}
        onDesk={(change) => setDesk({ ...desk, ...change })}
        onPane={changeActive}
        onPlay={() => setPlaying(!playing)}
        onFullScreen={toggleFull}
        onHelp={() => setHelp(true)}
      />
      <Thumbnails images={images} examId={first.examId} loaded={arrivals} shown={shown} onOpen={open} />
      <div className={styles.panes} data-count={panes.length}>
        {panes.map((pane, index) => {
          const stack = stackOf(pane);
          const fault = arrivals.get(pane.image.key)?.fault;
          if (!stack) {
            return (
              <div key={index} className={styles.empty}>
                {fault ? <InlineError message={fault} /> : <Waiting label={`Loading ${pane.image.name}`} />}
              </div>
            );
          }
          const place = desk.cross && stack.cut?.fromVoxel(desk.cross);
          return (
            <ImagePane
              key={index}
              index={index}
              state={pane}
              stack={stack}
              tool={desk.tool}
              active={index === active}
              cross={place && [place.column, place.row]}
              measurements={store.of(pane.image.id)}
              onActivate={() => activate(index)}
              onChange={(change) => changePane(index, change)}
              onCross={(...point) => setCross(index, point)}
              onMeasure={(kind, points) => measure(pane, stack, kind, points)}
              onAdjust={(measurement, points) =>
                store.put(pane.image.id, {
                  ...measurement,
                  points,
                  ...measured(measurement.kind, points, stack.spacing),
                })
              }
              onKey={(event) => onKey(index, stack, event)}
            />
          );
        })}
      </div>
      <MeasurementList
        participant={participant}
        measurements={listed}
        waiting={store.waiting}
        away={store.away}
        onShow={show}
        onChange={({ image, measurement }, change) => store.put(image.id, { ...measurement, ...change })}
        onDelete={({ image, measurement }) => store.delete(image.id, measurement)}
        onRetry={() => store.retry()}
      />
      <p className="visually-hidden" role="status">
        {loading ? 'Loading the images' : told}
      </p>
      {help && <Hotkeys onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The panes after one of them changed; linked ones go along: by as many millimetres through their slices, and to the same place. */
function changed(
  { panes, linked, hanging }: DeskState,
  index: number,
  change: (before: PaneState) => Partial<PaneState>,
  stackOf: (pane: PaneState) => Stack | undefined,
): PaneState[] {
  const before = panes[index]!;
  const next = { ...before, ...change(before) };
  if (hanging === 'planes') {
    // One series three times: it looks the same in each, and each keeps its plane.
    const { window, map } = next;
    return panes.map((pane, other) => ({ ...(other === index ? { ...next, plane: pane.plane } : pane), window, map }));
  }
  const stack = stackOf(before);
  if (!linked || !stack) return panes.with(index, next);
  const by = (sliceOf(next, stack) - sliceOf(before, stack)) * (stack.gap ?? 0);
  return panes.map((pane, other) => {
    if (other === index) return next;
    const own = stackOf(pane);
    const along = next.plane === before.plane && pane.plane === next.plane && own?.gap ? by / own.gap : 0;
    const slice = own && along !== 0 ? bounded(Math.round(sliceOf(pane, own) + along), own.slices) : pane.slice;
    return { ...pane, slice, sight: next.sight === before.sight ? pane.sight : next.sight };
  });
}

/** The active picture in words, for those who do not see it. */
function wordsOf(pane: PaneState, stack: Stack | undefined): string {
  if (!stack) return '';
  const { image, plane } = pane;
  if (stack.slices === 1) return `${image.name}, ${image.whose}`;
  return `${image.name}: ${plane} slice ${sliceOf(pane, stack) + 1} of ${stack.slices}`;
}
