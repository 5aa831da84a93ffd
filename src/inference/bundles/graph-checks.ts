import type { FloatTensor, Graph, TensorInfo } from '../backend.js';
import type { Device } from '../devices.js';
import type { Task } from '../tasks/index.js';
import { graphOf, requiredTensors } from './manifest.js';
import type { CommonManifest, GraphTensors, TensorSpec } from '../manifest-parts.js';
import { refuseBundle } from './read.js';
import type { Bundle } from './read.js';

/** What a trial run needs to know of a bundle. */
interface TriedBundle {
  dir: string;
  manifest: Pick<CommonManifest, 'sizes' | 'graphs'>;
}

/** Rows and columns of a trial run where the graph leaves them open, at least: a few times what a strided network divides by. */
const TRIAL_SIDE = 64;

/** The contract's tensors must be in the manifest, and the manifest's tensors must be the graph's own. */
export function checkTensors(bundle: Bundle<Task>, role: string, session: Graph): void {
  const required = requiredTensors(bundle.manifest)[role]!;
  const written = graphOf(bundle.manifest, role);
  for (const side of ['inputs', 'outputs'] as const) {
    const noun = side === 'inputs' ? 'input' : 'output';
    for (const tensor of required[side]) {
      const inManifest = written[side].find(({ name }) => name === tensor.name);
      if (!inManifest) {
        refuseBundle(bundle.dir, `its manifest lists no ${noun} '${tensor.name}' of the ${role} graph`);
      }
      compareTensor(bundle, `the manifest's ${noun} of the ${role} graph`, inManifest, tensor);
    }
    for (const tensor of written[side]) {
      const inGraph = session[side].find(({ name }) => name === tensor.name);
      if (!inGraph) {
        const names = session[side].map(({ name }) => name).join(', ');
        refuseBundle(bundle.dir, `its ${role} graph has no ${noun} '${tensor.name}'; it has ${names}`);
      }
      compareTensor(bundle, `the ${role} graph's ${noun}`, inGraph, tensor);
    }
    const extra = session[side].find(({ name }) => !required[side].some((tensor) => tensor.name === name));
    if (extra && side === 'inputs') {
      refuseBundle(bundle.dir, `its ${role} graph has the input '${extra.name}', which this platform does not feed`);
    }
  }
}

/** `found` must have the type and shape of `wanted`. The batch must be open; other sizes may be, and are then seen in a run. */
function compareTensor(bundle: Bundle<Task>, owner: string, found: TensorInfo, wanted: TensorSpec): void {
  const fits = (size: number | string, axis: number) => {
    const other = found.shape[axis];
    if (axis === 0) return typeof other === 'string';
    return typeof other === 'string' || typeof size === 'string' || other === size;
  };
  const sameShape = found.shape.length === wanted.shape.length && wanted.shape.every(fits);
  if (found.type !== wanted.type || !sameShape) refuseTensor(bundle, owner, found, wanted);
}

/**
 * Runs the graphs once on zeros: their outputs must have the sizes of the contract, which metadata may leave open, and a
 * provider may open a graph that it cannot run. Open rows and columns are a multiple that the manifest allows.
 *
 * @param required tensors of each graph, in the order in which they run
 * @param rows of the batch
 */
export async function tryGraphs(
  bundle: TriedBundle,
  required: Record<string, GraphTensors>,
  sessions: Record<string, Graph>,
  device: Device,
  rows = 1,
): Promise<void> {
  const sizes = trialSizes(bundle.manifest, rows);
  // Sizes that only a graph knows, such as the length of a context, are met in what it hands on to a later one.
  const given: Record<string, FloatTensor> = {};
  for (const [role, { inputs, outputs }] of Object.entries(required)) {
    const results = await tryGraph(bundle, role, sessions[role]!, device, trialInputs(inputs, sizes, given));
    for (const wanted of outputs) {
      const { dims } = results[wanted.name]!;
      const fits = wanted.shape.every((size, axis) => {
        const known = typeof size === 'number' ? size : sizes[size];
        return known === undefined || dims[axis] === known;
      });
      if (dims.length !== wanted.shape.length || !fits) {
        refuseTensor(bundle, `the ${role} graph's output`, { ...wanted, shape: dims }, wanted);
      }
      if (wanted.shape.some((size) => typeof size === 'string' && !(size in sizes))) {
        given[wanted.name] = results[wanted.name]!;
      }
    }
  }
}

/** What the names in shapes are in a trial run. */
function trialSizes({ sizes }: TriedBundle['manifest'], rows: number): Record<string, number> {
  const multipleOf = sizes?.multipleOf ?? 1;
  const side = Math.ceil(TRIAL_SIDE / multipleOf) * multipleOf;
  return { B: rows, H: side, W: side };
}

/** Zeros for every input, or what an earlier graph has given under its name; a size that nobody knows is 1. */
function trialInputs(
  tensors: readonly TensorSpec[],
  sizes: Record<string, number>,
  given: Record<string, FloatTensor>,
): Record<string, FloatTensor> {
  const inputs: Record<string, FloatTensor> = {};
  for (const { name, shape } of tensors) {
    const dims = shape.map((size) => (typeof size === 'number' ? size : (sizes[size] ?? 1)));
    inputs[name] = given[name] ?? { data: new Float32Array(dims.reduce((product, size) => product * size)), dims };
  }
  return inputs;
}

async function tryGraph(
  bundle: TriedBundle,
  role: string,
  session: Graph,
  device: Device,
  inputs: Record<string, FloatTensor>,
): Promise<Record<string, FloatTensor>> {
  try {
    return await session.run(inputs);
  } catch (cause) {
    if (device !== 'cpu') throw cause;
    const { file } = bundle.manifest.graphs[role]!;
    return refuseBundle(bundle.dir, `its ${role} graph ${file} cannot be run (${reasonOf(cause)})`, { cause });
  }
}

/** Why ONNX Runtime failed, without its source position: the first line of the innermost error, unpunctuated. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  const line = (error as Error).message.split('\n')[0]!;
  return line.replace(/^\/onnxruntime_src\S+ .* was false\. /, '').replace(/\.$/, '');
}

function refuseTensor(bundle: Pick<Bundle<Task>, 'dir'>, owner: string, found: TensorInfo, wanted: TensorInfo): never {
  const text = ({ type, shape }: TensorInfo) => `${type} [${shape.join(', ')}]`;
  return refuseBundle(bundle.dir, `${owner} '${wanted.name}' is ${text(found)} instead of ${text(wanted)}`);
}
