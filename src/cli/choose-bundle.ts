import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { packageRoot } from '../domain/package.js';
import {
  type Bundle,
  DEVICE_WORDS,
  type DeviceChoice,
  listBundles,
  parseDevice,
  type Task,
} from '../inference/index.js';

/** `--models`: the folder that holds bundles as `<name>/<version>/bundle.json`. */
export function modelsOption(): Option {
  return new Option('--models <dir>', 'folder of the bundles')
    .default(join(packageRoot, 'models'), 'models/ of this installation')
    .env('OSTEOGRAPH_MODELS');
}

/** `--device`: where ONNX Runtime runs. */
export function deviceOption(): Option {
  return new Option('--device <device>', 'where to run the model; auto takes the first of cuda, webgpu, cpu that works')
    .argParser(deviceArgument)
    .default('auto');
}

/** Parses one device for commander. */
export function deviceArgument(text: string): DeviceChoice {
  try {
    return parseDevice(text);
  } catch {
    throw new InvalidArgumentError(`Accepted: ${DEVICE_WORDS}.`);
  }
}

/**
 * The folder of a bundle of a task, named `name@version`, `name` (its newest version) or by path; without a choice, the newest bundle
 * there is.
 */
export async function chooseBundle(models: string, choice?: string, task: Task = 'xray-to-mri'): Promise<string> {
  if (choice?.includes('/')) return choice;
  const ready = await readyBundles(models, task);
  const matching = ready.filter(({ manifest: { name, version } }) =>
    choice === undefined ? true : choice === name || choice === `${name}@${version}`,
  );
  const newest = matching.at(-1);
  if (newest) return newest.dir;
  const known = ready.map(({ manifest }) => `${manifest.name}@${manifest.version}`).join(', ') || 'none';
  const wanted = choice === undefined ? 'No bundle' : `No bundle ${choice}`;
  throw new UserError('NOT_FOUND', `${wanted} of the task ${task} is ready in ${models}; ready there: ${known}.`);
}

/** The folder of the newest knee detector, or undefined where there is none. */
export async function chooseKneeDetector(models: string): Promise<string | undefined> {
  return (await readyBundles(models, 'knee-detection')).at(-1)?.dir;
}

async function readyBundles(models: string, task: Task): Promise<Bundle<Task>[]> {
  const ready = (await listBundles(models)).flatMap((listing) => ('bundle' in listing ? [listing.bundle] : []));
  return ready.filter(({ manifest }) => manifest.task === task);
}
