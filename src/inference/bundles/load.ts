import { UserError } from '../../domain/errors.js';
import { openGraph } from '../backend.js';
import type { Graph, GraphOptions } from '../backend.js';
import { candidates } from '../devices.js';
import type { Device, DeviceChoice } from '../devices.js';
import { checkTensors, reasonOf, tryGraphs, zeroInputs } from './graph-checks.js';
import { graphOf, TASK_ROLES } from './manifest.js';
import type { GraphRole, RoleOf, Task } from './manifest.js';
import { readBundle, refuseBundle } from './read.js';
import type { Bundle } from './read.js';

export interface LoadOptions {
  /** `auto` = the first of cuda, webgpu, cpu that runs the bundle; webgpu only if it is faster than the cpu. */
  device: DeviceChoice;
  /** Threads of one operator on the cpu. */
  threads: number;
}

/** A bundle with its graphs in memory, checked tensor by tensor, on one device. */
export interface LoadedBundle<T extends Task = 'xray-to-mri'> extends Bundle<T> {
  device: Device;
  sessions: Record<RoleOf<T>, Graph>;
  release(): Promise<void>;
}

/** Rows of the decoder run that compares two devices: enough for a GPU to show what it can do. */
const TRIAL_ROWS = 4;

/**
 * Reads a bundle and opens its graphs. Blocks the thread while graphs load, so it is for the inference process.
 *
 * @throws UserError BUNDLE_REFUSED with a sentence that says which part of the bundle is wrong; UNAVAILABLE when the bundle
 * is sound but the one device asked for is not usable on this machine
 */
export async function loadBundle(dir: string, { device: choice, threads }: LoadOptions): Promise<LoadedBundle<Task>> {
  const bundle = await readBundle(dir);
  const { devices, gpu } = candidates(choice);
  const open = (device: Device) => openGraphs(bundle, { device, gpu, threads });
  // A knee detector is so small that carrying its film to a GPU takes longer than running it.
  if (bundle.manifest.task === 'knee-detection') return open('cpu');
  let failure: unknown;
  for (const device of devices) {
    try {
      const loaded = await open(device);
      return choice === 'auto' && device === 'webgpu' ? await faster(loaded, await open('cpu')) : loaded;
    } catch (error) {
      if (error instanceof UserError) throw error;
      failure = error;
    }
  }
  // If the cpu refuses the bundle too, that is the better sentence.
  await (await open('cpu')).release();
  const sentence = `The device ${choice} cannot run on this machine: ${reasonOf(failure)}.`;
  throw new UserError('UNAVAILABLE', sentence, { cause: failure });
}

/** The faster of two; the other is released. A Vulkan driver may be software (Mesa's is on many machines), far slower than the cpu. */
async function faster(first: LoadedBundle<Task>, second: LoadedBundle<Task>): Promise<LoadedBundle<Task>> {
  const [winner, loser] = (await trialTime(first)) <= (await trialTime(second)) ? [first, second] : [second, first];
  await loser.release();
  return winner;
}

/** Milliseconds of one decoder run that is not the first of its shape. */
async function trialTime({ manifest, sessions }: LoadedBundle<Task>): Promise<number> {
  const { decoder } = sessions as Record<GraphRole, Graph>;
  const inputs = zeroInputs(manifest, 'decoder', TRIAL_ROWS);
  await decoder.run(inputs);
  const start = performance.now();
  await decoder.run(inputs);
  return performance.now() - start;
}

async function openGraphs(bundle: Bundle<Task>, options: GraphOptions): Promise<LoadedBundle<Task>> {
  const sessions: Partial<Record<GraphRole, Graph>> = {};
  const release = async () => {
    for (const session of Object.values(sessions)) await session.release();
  };
  try {
    for (const role of TASK_ROLES[bundle.manifest.task]) {
      const session = await openBundleGraph(bundle, role, options);
      sessions[role] = session;
      checkTensors(bundle, role, session);
    }
    const opened = sessions as Record<GraphRole, Graph>;
    await tryGraphs(bundle, opened, options.device);
    return { ...bundle, device: options.device, sessions: opened, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function openBundleGraph(bundle: Bundle<Task>, role: GraphRole, options: GraphOptions): Promise<Graph> {
  try {
    return await openGraph(bundle.graphs[role], options);
  } catch (cause) {
    if (options.device !== 'cpu') throw cause;
    const { file } = graphOf(bundle.manifest, role);
    return refuseBundle(
      bundle.dir,
      `its ${role} graph ${file} is not one that ONNX Runtime can load (${reasonOf(cause)})`,
      { cause },
    );
  }
}
