import { UserError } from '../../domain/errors.js';
import { openGraph } from '../backend.js';
import type { FloatTensor, Graph, TensorInfo } from '../backend.js';
import { DEVICES } from '../devices.js';
import type { Device, DeviceChoice } from '../devices.js';
import { GRAPH_ROLES, requiredTensors } from './manifest.js';
import type { GraphRole, TensorSpec } from './manifest.js';
import { readBundle, refuseBundle } from './read.js';
import type { Bundle } from './read.js';

export interface LoadOptions {
  /** `auto` = the first of cuda, webgpu, cpu that runs the bundle. */
  device: DeviceChoice;
  /** Threads of one operator on the cpu. */
  threads: number;
}

/** A bundle with its graphs in memory, checked tensor by tensor, on one device. */
export interface LoadedBundle extends Bundle {
  device: Device;
  sessions: Record<GraphRole, Graph>;
  release(): Promise<void>;
}

/**
 * Reads a bundle and opens its graphs. Blocks the thread while graphs load, so it is for the inference process.
 *
 * @throws UserError BUNDLE_REFUSED with a sentence that says which part of the bundle is wrong; UNAVAILABLE when the bundle
 * is sound but the one device asked for is not usable on this machine
 */
export async function loadBundle(dir: string, { device: choice, threads }: LoadOptions): Promise<LoadedBundle> {
  const bundle = await readBundle(dir);
  const candidates = DEVICES.filter((device) => choice === 'auto' || device === choice || device === 'cpu');
  let failure: unknown;
  for (const device of candidates) {
    let loaded: LoadedBundle;
    try {
      loaded = await openGraphs(bundle, device, threads);
    } catch (error) {
      if (error instanceof UserError) throw error;
      failure = error;
      continue;
    }
    if (choice === 'auto' || device === choice) return loaded;
    await loaded.release();
    throw new UserError('UNAVAILABLE', `The device ${choice} cannot run on this machine: ${firstLine(failure)}`, {
      cause: failure,
    });
  }
  throw failure;
}

async function openGraphs(bundle: Bundle, device: Device, threads: number): Promise<LoadedBundle> {
  const sessions: Partial<Record<GraphRole, Graph>> = {};
  const release = async () => {
    for (const session of Object.values(sessions)) await session.release();
  };
  try {
    for (const role of GRAPH_ROLES) {
      const session = await openBundleGraph(bundle, role, device, threads);
      sessions[role] = session;
      checkTensors(bundle, role, session);
    }
    for (const role of GRAPH_ROLES) await tryGraph(bundle, role, sessions[role]!, device);
    return { ...bundle, device, sessions: sessions as Record<GraphRole, Graph>, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function openBundleGraph(bundle: Bundle, role: GraphRole, device: Device, threads: number): Promise<Graph> {
  try {
    return await openGraph(bundle.graphs[role], { device, threads });
  } catch (cause) {
    if (device !== 'cpu') throw cause;
    const { file } = bundle.manifest.graphs[role];
    return refuseBundle(
      bundle.dir,
      `its ${role} graph ${file} is not one that ONNX Runtime can load (${firstLine(cause)})`,
      { cause },
    );
  }
}

/** The contract's tensors must be in the manifest, and the manifest's tensors must be the graph's own. */
function checkTensors(bundle: Bundle, role: GraphRole, session: Graph): void {
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
async function tryGraph(bundle: Bundle, role: GraphRole, session: Graph, device: Device): Promise<void> {
  const { inputs, outputs } = requiredTensors(bundle.manifest)[role];
  const zeros = Object.fromEntries(inputs.map((tensor) => [tensor.name, zeroTensor(tensor)]));
  const results = await session.run(zeros).catch((cause: unknown) => {
    if (device !== 'cpu') throw cause;
    const { file } = bundle.manifest.graphs[role];
    return refuseBundle(bundle.dir, `its ${role} graph ${file} cannot be run (${firstLine(rootCause(cause))})`, {
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

function zeroTensor(tensor: TensorSpec): FloatTensor {
  const dims = sizesOf(tensor);
  return { data: new Float32Array(dims.reduce((product, size) => product * size, 1)), dims };
}

/** A shape with its open sizes set to 1. */
function sizesOf({ shape }: TensorSpec): number[] {
  return shape.map((size) => (typeof size === 'number' ? size : 1));
}

function refuseTensor(bundle: Bundle, owner: string, found: TensorInfo, wanted: TensorInfo): never {
  const text = ({ type, shape }: TensorInfo) => `${type} [${shape.join(', ')}]`;
  return refuseBundle(bundle.dir, `${owner} '${wanted.name}' is ${text(found)} instead of ${text(wanted)}`);
}

function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.replace(/\.$/, '');
}
