import { UserError } from '../../domain/errors.js';
import { openGraph } from '../backend.js';
import type { Graph, GraphOptions } from '../backend.js';
import { candidates } from '../devices.js';
import type { Device, DeviceChoice } from '../devices.js';
import type { RoleOf, Task } from '../tasks/index.js';
import { taskNamed } from '../tasks/index.js';
import { checkTensors, reasonOf, tryGraphs } from './graph-checks.js';
import { graphOf, requiredTensors, rolesOf } from './manifest.js';
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

/** Rows of the run that compares two devices: enough for a GPU to show what it can do. */
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
  if (taskNamed(bundle.manifest.task).light) return open('cpu');
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

/** Milliseconds of one run of every graph that is not the first of its shapes. */
async function trialTime({ sessions, device, ...bundle }: LoadedBundle<Task>): Promise<number> {
  const required = requiredTensors(bundle.manifest);
  await tryGraphs(bundle, required, sessions, device, TRIAL_ROWS);
  const start = performance.now();
  await tryGraphs(bundle, required, sessions, device, TRIAL_ROWS);
  return performance.now() - start;
}

async function openGraphs(bundle: Bundle<Task>, options: GraphOptions): Promise<LoadedBundle<Task>> {
  const sessions: Record<string, Graph> = {};
  const release = async () => {
    for (const session of Object.values(sessions)) await session.release();
  };
  try {
    for (const role of rolesOf(bundle.manifest)) {
      const session = await openBundleGraph(bundle, role, options);
      sessions[role] = session;
      checkTensors(bundle, role, session);
    }
    await tryGraphs(bundle, requiredTensors(bundle.manifest), sessions, options.device);
    return { ...bundle, device: options.device, sessions, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function openBundleGraph(bundle: Bundle<Task>, role: string, options: GraphOptions): Promise<Graph> {
  try {
    return await openGraph((bundle.graphs as Record<string, string>)[role]!, options);
  } catch (cause) {
    if (options.device !== 'cpu') throw cause;
    const { file } = graphOf(bundle.manifest, role);
    return refuseBundle(bundle.dir, `its ${role} graph ${file} cannot be loaded by ONNX Runtime (${reasonOf(cause)})`, {
      cause,
    });
  }
}
