import { niftiFile, type OnGrid } from './grid.ts';

/** A volume of the scene, as the viewer draws it. */
export interface Layer {
  grid: OnGrid;
  /** Where the grid is in space, as in {@link niftiFile}. */
  affine: readonly number[];
  spacing: number;
  colormap: string;
  /** Colours of negative values: a difference has both. */
  negative?: string;
  range: readonly [number, number];
  opacity: number;
}

/** Where the crosshair is, 0 to 1: left to right, posterior to anterior, inferior to superior. */
export type Place = readonly [number, number, number];

export interface Pane {
  show(layers: readonly Layer[]): Promise<void>;
  setPlace(place: Place): void;
  setOpacity(layer: number, opacity: number): void;
  /** Undefined where there are coronal slices only. */
  setView: ((view: 'coronal' | 'planes') => void) | undefined;
  close(): void;
}

interface PaneOptions {
  onPlace: (place: Place) => void;
  /** The graphics card has given up; the pane draws nothing more. */
  onLost: () => void;
}

/** Whether this browser has what {@link openPane} draws with. */
export function hasWebgl(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

/** One canvas of the comparison, drawn by NiiVue. */
export async function openPane(canvas: HTMLCanvasElement, { onPlace, onLost }: PaneOptions): Promise<Pane> {
  const stop = new AbortController();
  canvas.addEventListener('webglcontextlost', onLost, { signal: stop.signal });
  const { Niivue, SLICE_TYPE } = await import('@niivue/niivue');
  const niivue = new Niivue({
    backColor: [0, 0, 0, 1],
    crosshairColor: [0.36, 0.76, 0.89, 0.9],
    crosshairWidth: 0.6,
    isRadiologicalConvention: true,
    dragAndDropEnabled: false,
    loadingText: '',
    isOrientCube: false,
    isColorbar: false,
    sliceType: SLICE_TYPE.CORONAL,
    logLevel: 'error',
  });
  await niivue.attachToCanvas(canvas);
  niivue.onLocationChange = (location) => {
    const { frac } = location as { frac?: ArrayLike<number> };
    if (frac) onPlace([frac[0]!, frac[1]!, frac[2]!]);
  };
  const show = async (layers: readonly Layer[]) => {
    const urls = layers.map(({ grid, affine, spacing }) => URL.createObjectURL(niftiFile(grid, affine, spacing)));
    await niivue.loadVolumes(
      layers.map(({ colormap, negative, range, opacity }, index) => ({
        url: urls[index]!,
        name: `layer-${index}.nii`,
        colormap,
        ...(negative ? { colormapNegative: negative, cal_minNeg: -range[0], cal_maxNeg: -range[1] } : {}),
        cal_min: range[0],
        cal_max: range[1],
        opacity,
      })),
    );
    for (const url of urls) URL.revokeObjectURL(url);
  };
  let showing = Promise.resolve();
  return {
    show: (layers) => (showing = show(layers)),
    setPlace([x, y, z]) {
      const position = niivue.scene.crosshairPos;
      position[0] = x;
      position[1] = y;
      position[2] = z;
      niivue.drawScene();
    },
    setOpacity: (layer, opacity) => niivue.setOpacity(layer, opacity),
    setView: (view) => void niivue.setSliceType(view === 'coronal' ? SLICE_TYPE.CORONAL : SLICE_TYPE.MULTIPLANAR),
    close() {
      stop.abort();
      // NiiVue goes on drawing what it is loading, and complains when its context has gone by then.
      const end = () => {
        niivue.cleanup();
        niivue.gl.getExtension('WEBGL_lose_context')?.loseContext();
      };
      showing.then(end, end);
    },
  };
}
