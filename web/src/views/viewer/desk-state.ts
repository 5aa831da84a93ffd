import { WHOLE, type Sight, ZOOM } from './geometry.ts';
import { hang, HANGINGS, type Hanging } from './hanging.ts';
import type { ShownImage } from './images.ts';
import { MEASURES } from './measure.ts';
import { COLOR_MAPS, type ColorMap } from './paint.ts';
import { type Plane, PLANES, type Voxel } from './planes.ts';
import type { Window } from './stack.ts';

/** What dragging in a pane does. */
export const TOOLS = {
  window: { name: 'Window', key: 'w' },
  pan: { name: 'Pan', key: 'p' },
  zoom: { name: 'Zoom', key: 'z' },
  scroll: { name: 'Scroll', key: 's' },
  cross: { name: 'Crosshair', key: 'x' },
  length: { name: MEASURES.length.name, key: 'l' },
  angle: { name: MEASURES.angle.name, key: 'a' },
  'joint-space': { name: MEASURES['joint-space'].name, key: 'j' },
} as const;

export type Tool = keyof typeof TOOLS;

export interface PaneState {
  image: ShownImage;
  plane: Plane;
  /** Undefined: the middle one. */
  slice: number | undefined;
  /** Undefined: automatic. */
  window: Window | undefined;
  map: ColorMap;
  sight: Sight;
}

/** Everything that is seen; the address holds it. */
export interface DeskState {
  hanging: Hanging;
  panes: PaneState[];
  /** The pane that keys and the toolbar mean. */
  active: number;
  tool: Tool;
  /** Panes move together. */
  linked: boolean;
  /** Of the series in three planes. */
  cross: Voxel | undefined;
}

const PANES = ['a', 'b', 'c'] as const;

/** A fresh pane; of a film of both knees it shows the half with the knee. */
export function paneOf(image: ShownImage, plane: Plane = image.plane): PaneState {
  const sight = image.bilateral ? { zoom: 1.7, x: image.side === 'RIGHT' ? 0.27 : 0.73, y: 0.5 } : WHOLE;
  return { image, plane, slice: undefined, window: undefined, map: 'grey', sight };
}

/** The images of a hanging in fresh panes, or undefined where there are none for it. */
export function hungPanes(hanging: Hanging, images: readonly ShownImage[], from: ShownImage): PaneState[] | undefined {
  return hang(hanging, images, from)?.map((image, index) =>
    paneOf(image, hanging === 'planes' ? PLANES[index] : undefined),
  );
}

/**
 * What an address shows. Whatever in it cannot be read, or names what is no longer there, is as if it were not said.
 *
 * @param first what to start from without an address
 */
export function readDesk(params: URLSearchParams, images: readonly ShownImage[], first: ShownImage): DeskState {
  const given = PANES.map((name) => readPane(params, name, images)).filter((pane) => pane !== undefined);
  const wished = params.get('hang');
  const from = given[0]?.image ?? first;
  const hanging: Hanging = isHanging(wished)
    ? wished
    : given.length === 0 && hang('film-series', images, from)
      ? 'film-series'
      : 'single';
  const hung = hungPanes(hanging, images, from);
  const panes = hung ? hung.map((pane, index) => given[index] ?? pane) : [given[0] ?? paneOf(from)];
  const tool = params.get('tool') ?? '';
  return {
    hanging: hung ? hanging : 'single',
    panes,
    active: Math.min(Math.max(PANES.indexOf((params.get('pane') ?? 'a') as 'a'), 0), panes.length - 1),
    tool: tool in TOOLS ? (tool as Tool) : hanging === 'planes' ? 'cross' : 'window',
    linked: params.get('link') === 'yes',
    cross: numbers(params.get('cross'), 3) as Voxel | undefined,
  };
}

/** The address of what is seen; what is as it would be anyway is left out. Parameters of others stay. */
export function writeDesk(
  { hanging, panes, active, tool, linked, cross }: DeskState,
  before: URLSearchParams,
): URLSearchParams {
  const params = new URLSearchParams(before);
  const put = (name: string, value: string | undefined) =>
    value === undefined ? params.delete(name) : params.set(name, value);
  put('hang', hanging);
  put('pane', active === 0 ? undefined : PANES[active]);
  put('tool', tool === 'window' ? undefined : tool);
  put('link', linked ? 'yes' : undefined);
  put('cross', cross?.join(','));
  for (const [index, name] of PANES.entries()) {
    const pane = panes[index];
    const plain = pane && paneOf(pane.image);
    put(name, pane?.image.key);
    put(`${name}.plane`, pane && pane.plane !== plain?.plane ? pane.plane : undefined);
    put(`${name}.slice`, pane?.slice === undefined ? undefined : String(pane.slice + 1));
    put(`${name}.window`, pane?.window?.map((value) => Number(value.toPrecision(6))).join(','));
    put(`${name}.map`, pane && pane.map !== 'grey' ? pane.map : undefined);
    put(`${name}.sight`, pane && !same(pane.sight, plain?.sight) ? sightText(pane.sight) : undefined);
  }
  return params;
}

function readPane(params: URLSearchParams, name: string, images: readonly ShownImage[]): PaneState | undefined {
  const image = images.find(({ key }) => key === params.get(name));
  if (!image) return undefined;
  const plain = paneOf(image);
  const slice = numbers(params.get(`${name}.slice`), 1);
  const window = numbers(params.get(`${name}.window`), 2);
  const sight = numbers(params.get(`${name}.sight`), 3);
  return {
    image,
    plane: PLANES.find((plane) => plane === params.get(`${name}.plane`)) ?? plain.plane,
    slice: slice && Number.isInteger(slice[0]) && slice[0]! > 0 ? slice[0]! - 1 : undefined,
    window: window && window[0]! < window[1]! ? [window[0]!, window[1]!] : undefined,
    map: COLOR_MAPS.find((map) => map === params.get(`${name}.map`)) ?? 'grey',
    sight:
      sight && sight[0]! >= ZOOM.least && sight[0]! <= ZOOM.most
        ? { zoom: sight[0]!, x: sight[1]!, y: sight[2]! }
        : plain.sight,
  };
}

function isHanging(text: string | null): text is Hanging {
  return text !== null && text in HANGINGS;
}

function numbers(text: string | null, count: number): number[] | undefined {
  const values = text?.split(',').map(Number);
  return values?.length === count && values.every(Number.isFinite) ? values : undefined;
}

function same(a: Sight, b: Sight | undefined): boolean {
  return b !== undefined && a.zoom === b.zoom && a.x === b.x && a.y === b.y;
}

function sightText({ zoom, x, y }: Sight): string {
  return [zoom.toFixed(3), x.toFixed(4), y.toFixed(4)].join(',');
}
