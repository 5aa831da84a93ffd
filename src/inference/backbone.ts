import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../domain/errors.js';
import type { FloatTensor, Graph } from './backend.js';
import type { InferenceHost } from './host.js';
import type { FeatureRows, GreyImage } from '../metrics/index.js';

/**
 * A network that looks at images for a metric: features for FID and KID, or the distance of two images for LPIPS. None is
 * shipped. Whoever wants these figures brings an ONNX file, and the figure means what the file says.
 *
 * Inputs are float32 [N, 1 or 3, H, W] with values in [0, 1], grey repeated in three channels; scaling, normalisation and resizing
 * belong into the graph. The first output is float32 with N rows.
 */
export interface Backbone {
  /** File name and the first twelve digits of its SHA-256: part of every figure made with it. */
  readonly name: string;
  /** Features of each image, for `frechetDistance` and `kernelDistance`. @throws UserError when the graph takes no such images */
  features(images: readonly GreyImage[]): Promise<FeatureRows>;
  /** The distance of each pair, as LPIPS gives it. @throws UserError when the graph does not take two images to one number */
  distances(real: readonly GreyImage[], generated: readonly GreyImage[]): Promise<number[]>;
}

/** Images of one run of the graph: bounds its memory. */
const BATCH = 16;

/**
 * Opens the ONNX file that a metric needs. The graph is loaded at its first use.
 *
 * @param file absent when the caller named none
 * @param metric what the figure is called, for the sentence
 * @throws UserError BAD_USER_INPUT without a file, FILE_REFUSED for one that cannot be read
 */
export async function openBackbone(
  host: Pick<InferenceHost, 'look'>,
  file: string | undefined,
  metric: 'FID' | 'KID' | 'LPIPS',
): Promise<Backbone> {
  if (file === undefined) {
    const wanted = metric === 'LPIPS' ? 'takes two images to their distance' : 'takes images to features';
    throw new UserError(
      'BAD_USER_INPUT',
      `${metric} needs a network that is not shipped: name an ONNX file that ${wanted}.`,
    );
  }
  const path = resolve(file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UserError('FILE_REFUSED', `${file} cannot be read as the network for ${metric}.`, { cause });
  });
  const look = async (...sets: (readonly GreyImage[])[]): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    for (let first = 0; first < sets[0]!.length; first += BATCH) {
      const output = await host.look(
        path,
        sets.map((images) => stacked(images.slice(first, first + BATCH))),
      );
      const length = output.data.length / output.dims[0]!;
      for (let row = 0; row < output.dims[0]!; row++) rows.push(output.data.slice(row * length, (row + 1) * length));
    }
    return rows;
  };
  return {
    name: `${basename(path)} (${createHash('sha256').update(bytes).digest('hex').slice(0, 12)})`,
    features: (images) => look(images),
    async distances(real, generated) {
      const rows = await look(real, generated);
      if (rows.some((row) => row.length !== 1)) {
        throw new UserError('FILE_REFUSED', `${file} gives ${rows[0]!.length} numbers per pair; LPIPS is one.`);
      }
      return rows.map((row) => row[0]!);
    },
  };
}

/**
 * Runs a backbone on sets of grey images [N,1,H,W], one set for each input of the graph; for the inference process.
 *
 * @returns the first output
 * @throws UserError FILE_REFUSED for a graph with other inputs
 */
export async function lookAt(graph: Graph, file: string, sets: readonly FloatTensor[]): Promise<FloatTensor> {
  const refuse = (what: string): never => {
    throw new UserError('FILE_REFUSED', `${basename(file)} ${what}.`);
  };
  if (graph.inputs.length !== sets.length) {
    refuse(`takes ${graph.inputs.length} inputs; this metric feeds it ${sets.length}`);
  }
  const feeds: Record<string, FloatTensor> = {};
  graph.inputs.forEach(({ name, type, shape }, index) => {
    const channels = shape[1];
    const [rows, columns] = sets[index]!.dims.slice(2);
    const fits = [rows, columns].every((size, at) => typeof shape[at + 2] === 'string' || shape[at + 2] === size);
    if (type !== 'float32' || shape.length !== 4 || (channels !== 1 && channels !== 3) || !fits) {
      refuse(`has the input ${name} ${type} [${shape.join(', ')}]; needed is float32 [N, 1 or 3, ${rows}, ${columns}]`);
    }
    feeds[name] = channels === 3 ? inThreeChannels(sets[index]!) : sets[index]!;
  });
  const output = (await graph.run(feeds))[graph.outputs[0]!.name]!;
  const count = sets[0]!.dims[0]!;
  if (output.dims[0] !== count) {
    refuse(`gives ${output.dims[0] ?? 0} rows for ${count} images; it must give one each`);
  }
  return output;
}

function stacked(images: readonly GreyImage[]): FloatTensor {
  const { rows, columns } = images[0]!;
  const data = new Float32Array(images.length * rows * columns);
  images.forEach((image, index) => data.set(image.data, index * rows * columns));
  return { data, dims: [images.length, 1, rows, columns] };
}

function inThreeChannels({ data, dims }: FloatTensor): FloatTensor {
  const [count, , rows, columns] = dims as [number, number, number, number];
  const pixels = rows * columns;
  const repeated = new Float32Array(3 * data.length);
  for (let image = 0; image < count; image++) {
    const plane = data.subarray(image * pixels, (image + 1) * pixels);
    for (let channel = 0; channel < 3; channel++) repeated.set(plane, (3 * image + channel) * pixels);
  }
  return { data: repeated, dims: [count, 3, rows, columns] };
}
