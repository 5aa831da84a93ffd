import type { FloatTensor, Graph, TensorInfo } from '../backend.js';
import type { Device } from '../devices.js';
import { graphOf, requiredTensors, TASK_ROLES } from './manifest.js';
import type { BundleManifest, GraphRole, Task, TensorSpec } from './manifest.js';
import { refuseBundle } from './read.js';
import type { Bundle } from './read.js';

/** The contract's tensors must be in the manifest, and the manifest's tensors must be the graph's own. */
export function checkTensors(bundle: Bundle<Task>, role: GraphRole, session: Graph): void {
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
 * provider may open a graph that it cannot run.
 */
export async function tryGraphs(
  bundle: Bundle<Task>,
  sessions: Partial<Record<GraphRole, Graph>>,
  device: Device,
): Promise<void> {
  const required = requiredTensors(bundle.manifest);
  let context: Record<string, FloatTensor> = {};
  for (const role of TASK_ROLES[bundle.manifest.task]) {
    const results = await tryGraph(bundle, role, sessions[role]!, device, role === 'denoiser' ? context : {});
    for (const wanted of required[role]!.outputs) {
      const { dims } = results[wanted.name]!;
      const fits = wanted.shape.every(
        (size, axis) => (typeof size === 'string' && axis > 0) || dims[axis] === (size === 'B' ? 1 : size),
      );
      if (dims.length !== wanted.shape.length || !fits) {
        refuseTensor(bundle, `the ${role} graph's output`, { ...wanted, shape: dims }, wanted);
      }
    }
    if (results['context']) context = { context: results['context'] };
  }
}

/** Inputs of zeros for a graph of this manifest; open sizes are 1. */
export function zeroInputs(manifest: BundleManifest<Task>, role: GraphRole, rows: number): Record<string, FloatTensor> {
  const inputs: Record<string, FloatTensor> = {};
  for (const { name, shape } of requiredTensors(manifest)[role]!.inputs) {
    const dims = shape.map((size) => (typeof size === 'number' ? size : size === 'B' ? rows : 1));
    inputs[name] = { data: new Float32Array(dims.reduce((product, size) => product * size)), dims };
  }
  return inputs;
}

async function tryGraph(
  bundle: Bundle<Task>,
  role: GraphRole,
  session: Graph,
  device: Device,
  given: Record<string, FloatTensor>,
): Promise<Record<string, FloatTensor>> {
  try {
    return await session.run({ ...zeroInputs(bundle.manifest, role, 1), ...given });
  } catch (cause) {
    if (device !== 'cpu') throw cause;
    const { file } = graphOf(bundle.manifest, role);
    return refuseBundle(bundle.dir, `its ${role} graph ${file} cannot be run (${reasonOf(cause)})`, { cause });
  }
}

/** Why ONNX Runtime failed, without its source position: the first line of the innermost error, unpunctuated. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  const line = (error as Error).message.split('\n')[0]!;
  return line.replace(/^\/onnxruntime_src\S+ .* was false\. /, '').replace(/\.$/, '');
}

function refuseTensor(bundle: Bundle<Task>, owner: string, found: TensorInfo, wanted: TensorInfo): never {
  const text = ({ type, shape }: TensorInfo) => `${type} [${shape.join(', ')}]`;
  return refuseBundle(bundle.dir, `${owner} '${wanted.name}' is ${text(found)} instead of ${text(wanted)}`);
}
