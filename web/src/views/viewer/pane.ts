import { Niivue, SLICE_TYPE } from '@niivue/niivue';

/** A volume of the scene, as the viewer draws it. */
export interface Layer {
  file: Blob;
  colormap: string;
  /** Colours of negative values: a difference has both. */
  negative?: string;
  range: readonly [number, number];
  opacity: number;
}

/** Where the crosshair is, 0 to 1: left to right, posterior to anterior, inferior to superior. */
export type Place = readonly [number, number, number];

export interface Pane {
  niivue: Niivue;
  show(layers: readonly Layer[]): Promise<void>;
  setPlace(place: Place): void;
  setOpacity(layer: number, opacity: number): void;
  setView(view: 'coronal' | 'planes'): void;
  close(): void;
}

/** One canvas of the viewer. */
export async function openPane(canvas: HTMLCanvasElement, onPlace: (place: Place) => void): Promise<Pane> {
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
  return {
    niivue,
    async show(layers) {
      const urls = layers.map(({ file }) => URL.createObjectURL(file));
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
    },
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
      niivue.cleanup();
      niivue.gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}
