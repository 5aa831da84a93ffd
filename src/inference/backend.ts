/**
 * The only module that imports ONNX Runtime.
 *
 * Facts that shape it (onnxruntime-node 1.30): `run` and `create` block the calling thread, so this module belongs in the
 * inference process; a list of providers does not fall back, so each device is tried by itself; a run cannot be interrupted.
 */
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { Device } from './devices.js';

env.logLevel = 'error';

/** A float32 tensor in C order. */
export interface FloatTensor {
  data: Float32Array;
  dims: readonly number[];
}

/** Name, element type and shape of a graph's input or output; open dimensions have names. */
export interface TensorInfo {
  name: string;
  type: string;
  shape: readonly (number | string)[];
}

/** One loaded graph on one device. */
export interface Graph {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Runs the graph; blocks this thread meanwhile. Rejects with the tensors' names, types and dims in the message. */
  run(inputs: Record<string, FloatTensor>): Promise<Record<string, FloatTensor>>;
  release(): Promise<void>;
}

export interface GraphOptions {
  device: Device;
  /** Which GPU of several, for cuda; default 0. */
  gpu?: number;
  /** Threads of one operator on the cpu; 0 lets ONNX Runtime take one per physical core. */
  threads: number;
}

/** Loads an ONNX file. Rejects when the file is no graph or the device is not usable here. */
export async function openGraph(path: string, { device, gpu = 0, threads }: GraphOptions): Promise<Graph> {
  const session = await InferenceSession.create(path, {
    executionProviders: [device === 'cuda' ? { name: device, deviceId: gpu } : device],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // An operator takes tens of microseconds, and so does waking a thread for it: one that spins that long before it sleeps makes
    // a denoiser step 4 to 9 % shorter on two idle cores and 3 % longer on two busy ones. Spinning without a limit, which is the
    // default, takes the cores from everyone else: half as long again on busy ones.
    extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '20' } } },
    logSeverityLevel: 3,
  });
  return {
    inputs: session.inputMetadata.map(tensorInfo),
    outputs: session.outputMetadata.map(tensorInfo),
    run: (inputs) => runSession(session, path, inputs),
    release: () => session.release(),
  };
}

async function runSession(
  session: InferenceSession,
  path: string,
  inputs: Record<string, FloatTensor>,
): Promise<Record<string, FloatTensor>> {
  const feeds: Record<string, Tensor> = {};
  for (const [name, { data, dims }] of Object.entries(inputs)) feeds[name] = new Tensor('float32', data, dims);
  try {
    const results = await session.run(feeds);
    const outputs: Record<string, FloatTensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      const data = await tensor.getData();
      if (!(data instanceof Float32Array)) throw new Error(`The output '${name}' is ${tensor.type}, not float32.`);
      outputs[name] = { data, dims: tensor.dims };
    }
    return outputs;
  } catch (cause) {
    const fed = Object.entries(inputs).map(([name, { dims }]) => `${name} float32 [${dims.join(', ')}]`);
    throw new Error(`ONNX Runtime failed to run ${path} with ${fed.join('; ')}.`, { cause });
  }
}

function tensorInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, shape: metadata.shape }
    : { name: metadata.name, type: 'not a tensor', shape: [] };
}
