import type { Layer, Pane, Place } from './pane.ts';

/** Two colours between which a layer's values go, black to white or weak to strong. */
type Ramp = readonly [from: Colour, to: Colour];
type Colour = readonly [red: number, green: number, blue: number];

const RAMPS: Record<string, Ramp> = {
  gray: [
    [0, 0, 0],
    [255, 255, 255],
  ],
  warm: [
    [255, 138, 31],
    [255, 228, 92],
  ],
  winter: [
    [127, 168, 255],
    [127, 255, 176],
  ],
};

/** Side of the grid that volumes are put on, pixels. */
const SIZE = 256;

/**
 * One picture of the comparison on a plain canvas, for browsers without WebGL2 and where the graphics card has given up: coronal slices,
 * the layers over each other, with the crosshair.
 */
export function openFlatPane(canvas: HTMLCanvasElement, onPlace: (place: Place) => void): Pane {
  canvas.width = SIZE;
  canvas.height = SIZE;
  const stop = new AbortController();
  let layers: readonly Layer[] = [];
  let opacities: number[] = [];
  let place: Place = [0.5, 0.5, 0.5];
  const slices = () => layers[0]?.grid.slices ?? 1;
  const draw = () => {
    const context = canvas.getContext('2d');
    if (!context || layers.length === 0) return;
    const image = context.createImageData(SIZE, SIZE);
    const slice = Math.round(place[1] * (slices() - 1));
    layers.forEach((layer, index) => blend(image.data, layer, slice, opacities[index]!));
    context.putImageData(image, 0, 0);
    drawCross(context, place);
  };
  const goTo = (next: Place) => {
    place = next;
    draw();
    onPlace(place);
  };
  const point = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const side = Math.min(width, height);
    const across = (event.clientX - left - (width - side) / 2) / side;
    const down = (event.clientY - top - (height - side) / 2) / side;
    // The patient's right is at the left of the picture.
    goTo([1 - bounded(across), place[1], 1 - bounded(down)]);
  };
  const { signal } = stop;
  canvas.addEventListener('pointerdown', point, { signal });
  canvas.addEventListener('pointermove', point, { signal });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const by = Math.sign(event.deltaY) / Math.max(slices() - 1, 1);
      goTo([place[0], bounded(place[1] + by), place[2]]);
    },
    { signal, passive: false },
  );
  return {
    show(next) {
      layers = next;
      opacities = next.map(({ opacity }) => opacity);
      draw();
      return Promise.resolve();
    },
    setPlace(next) {
      place = next;
      draw();
    },
    setOpacity(layer, opacity) {
      opacities[layer] = opacity;
      draw();
    },
    setView: undefined,
    close: () => stop.abort(),
  };
}

/** Puts one slice of a layer over what is there. Below its range a layer is clear, but for the lowest, which is the ground. */
function blend(pixels: Uint8ClampedArray, { grid, colormap, negative, range }: Layer, slice: number, opacity: number) {
  const [low, high] = range;
  const start = slice * SIZE * SIZE;
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    const value = grid.data[start + pixel]!;
    const ramp = RAMPS[value < 0 ? (negative ?? colormap) : colormap] ?? RAMPS['gray']!;
    const size = negative === undefined ? value : Math.abs(value);
    const ground = low === 0;
    if (size < low && !ground) continue;
    const share = bounded((size - low) / (high - low));
    const weight = ground ? 1 : opacity;
    for (let channel = 0; channel < 3; channel++) {
      const colour = ramp[0][channel]! + share * (ramp[1][channel]! - ramp[0][channel]!);
      const index = 4 * pixel + channel;
      pixels[index] = pixels[index]! * (1 - weight) + colour * weight;
    }
    pixels[4 * pixel + 3] = 255;
  }
}

function drawCross(context: CanvasRenderingContext2D, [x, , z]: Place): void {
  const [column, row] = [(1 - x) * SIZE, (1 - z) * SIZE];
  context.strokeStyle = 'rgb(92 194 228 / 90%)';
  context.lineWidth = 0.6;
  context.beginPath();
  context.moveTo(0, row);
  context.lineTo(SIZE, row);
  context.moveTo(column, 0);
  context.lineTo(column, SIZE);
  context.stroke();
  context.fillStyle = '#fff';
  context.font = '10px sans-serif';
  context.textBaseline = 'middle';
  context.fillText('R', 3, SIZE / 2 - 8);
  context.fillText('L', SIZE - 10, SIZE / 2 - 8);
  context.fillText('S', SIZE / 2 + 4, 8);
  context.fillText('I', SIZE / 2 + 4, SIZE - 8);
}

function bounded(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
