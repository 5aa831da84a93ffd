import type { FloatTensor, Graph, TensorInfo } from '../backend.js';
import type { Device } from '../devices.js';
import { requiredTensors } from './manifest.js';
import type { BundleManifest, GraphRole, TensorSpec } from './manifest.js';
import { refuseBundle } from './read.js';
import type { Bundle } from './read.js';

/** The contract's tensors must be in the manifest, and the manifest's tensors must be the graph's own. */
export function checkTensors(bundle: Bundle, role: GraphRole, session: Graph): void {
  const required = requiredTensors(bundle.manifest)[role];
  const written = bundle.manifest.graphs[role];
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
function compareTensor(bundle: Bundle, owner: string, found: TensorInfo, wanted: TensorSpec): void {
  const sameShape =
    found.shape.length === wanted.shape.length &&
    wanted.shape.every((size, axis) => typeof found.shape[axis] === 'string' || found.shape[axis] === size);
  if (found.type !== wanted.type || !sameShape) refuseTensor(bundle, owner, found, wanted);
}

/**
 * Runs a graph once on zeros: its outputs must have the sizes of the contract, which its metadata may leave open, and a
 * provider may open a graph that it cannot run.
 */
export async function tryGraph(bundle: Bundle, role: GraphRole, session: Graph, device: Device): Promise<void> {
  const { outputs } = requiredTensors(bundle.manifest)[role];
  const results = await session.run(zeroInputs(bundle.manifest, role, 1)).catch((cause: unknown) => {
    if (device !== 'cpu') throw cause;
    const { file } = bundle.manifest.graphs[role];
    return refuseBundle(bundle.dir, `its ${role} graph ${file} cannot be run (${reasonOf(cause)})`, {
      cause,
    });
  });
  for (const wanted of outputs) {
    const { dims } = results[wanted.name]!;
    const expected = sizesOf(wanted);
    const fits = dims.length === expected.length && expected.every((size, axis) => size === dims[axis]);
    const openContext = wanted.name === 'context' && dims.length === 3 && dims[2] === expected[2];
    if (!fits && !openContext) {
      refuseTensor(bundle, `the ${role} graph's output`, { ...wanted, shape: dims }, { ...wanted, shape: expected });
    }
  }
}

/** Inputs of zeros for a graph of this manifest. */
export function zeroInputs(manifest: BundleManifest, role: GraphRole, rows: number): Record<string, FloatTensor> {
  const inputs: Record<string, FloatTensor> = {};
  for (const tensor of requiredTensors(manifest)[role].inputs) {
    const dims = [rows, ...sizesOf(tensor).slice(1)];
    inputs[tensor.name] = { data: new Float32Array(dims.reduce((product, size) => product * size)), dims };
  }
  return inputs;
}

/** Why ONNX Runtime failed, without its source position: the first line of the innermost error, unpunctuated. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  const line = (error as Error).message.split('\n')[0]!;
  return line.replace(/^\/onnxruntime_src\S+ .* was false\. /, '').replace(/\.$/, '');
}

/** A shape with its open sizes set to 1. */
function sizesOf({ shape }: TensorSpec): number[] {
  return shape.map((size) => (typeof size === 'number' ? size : 1));
}

function refuseTensor(bundle: Bundle, owner: string, found: TensorInfo, wanted: TensorInfo): never {
  const text = ({ type, shape }: TensorInfo) => `${type} [${shape.join(', ')}]`;
  return refuseBundle(bundle.dir, `${owner} '${wanted.name}' is ${text(found)} instead of ${text(wanted)}`);
}
