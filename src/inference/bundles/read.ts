import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { compareVersions } from '../../domain/versions.js';
import { externalLocations } from './external-data.js';
import type { BundleManifest, RoleOf, Task } from '../tasks/index.js';
import { TASK_NAMES } from '../tasks/index.js';
import { graphOf, manifestSchema, rolesOf, taskIn } from './manifest.js';
import { SCHEDULE_KINDS } from '../manifest-parts.js';
import type { GraphSpec } from '../manifest-parts.js';

/** A bundle whose manifest is valid and whose files are the ones the manifest was written for. */
export interface Bundle<T extends Task = 'xray-to-mri'> {
  /** Absolute folder. */
  dir: string;
  manifest: BundleManifest<T>;
  /** Over the manifest's bytes and the graphs' hashes: equal hashes mean equal models. */
  sha256: string;
  /** Size of the graphs and their data files. */
  bytes: number;
  /** Absolute paths of the graph files. */
  graphs: Record<RoleOf<T>, string>;
}

/** A folder of {@link listBundles}: a bundle, or why there is none. */
export type BundleListing =
  | { dir: string; bundle: Bundle<Task> }
  /** `task`: what its manifest names, if it can be told. */
  | { dir: string; refusal: UserError; task: Task | undefined };

/**
 * Reads `<dir>/bundle.json` and checks the hashes of its graphs and of their data files. Does not load the graphs: their
 * tensors are checked where they are opened, in the inference process (`InferenceHost.describe`).
 *
 * @throws UserError BUNDLE_REFUSED with a sentence that says which part of the bundle is wrong
 */
export async function readBundle(dir: string): Promise<Bundle<Task>> {
  const folder = resolve(dir);
  const text = await readManifestFile(folder);
  const manifest = parseManifest(folder, text);
  const graphs: Record<string, string> = {};
  const hash = createHash('sha256').update(text);
  let bytes = 0;
  for (const role of rolesOf(manifest)) {
    const graph = graphOf(manifest, role);
    graphs[role] = join(folder, graph.file);
    bytes += await checkGraphFiles(folder, role, graph);
    hash.update(`\n${role} ${[graph, ...(graph.data ?? [])].map(({ sha256 }) => sha256).join(' ')}`);
  }
  return { dir: folder, manifest, sha256: hash.digest('hex'), bytes, graphs };
}

/**
 * A bundle of one task: {@link readBundle} and a check.
 *
 * @throws UserError BUNDLE_REFUSED, also for a sound bundle of another task
 */
export async function readBundleFor<T extends Task>(dir: string, task: T): Promise<Bundle<T>> {
  const bundle = await readBundle(dir);
  expectTask(bundle, task);
  return bundle as unknown as Bundle<T>;
}

/** @throws UserError BUNDLE_REFUSED for a bundle of another task */
export function expectTask({ dir, manifest }: Bundle<Task>, task: Task): void {
  if (manifest.task !== task)
    refuseBundle(dir, `it is a bundle of the task ${manifest.task}, where one of ${task} is needed`);
}

/**
 * Every bundle under `<modelsDir>/<name>/<version>/`, sorted by name and version, refused ones included. A models folder that
 * does not exist holds no bundles.
 */
export async function listBundles(modelsDir: string): Promise<BundleListing[]> {
  const listings: BundleListing[] = [];
  for (const name of await subfolders(resolve(modelsDir))) {
    for (const version of await subfolders(name)) {
      listings.push(await readListing(version));
    }
  }
  return listings;
}

/** Refuses a bundle: `reason` continues "The bundle in <dir> is refused: ". */
export function refuseBundle(dir: string, reason: string, options?: ErrorOptions): never {
  throw new UserError('BUNDLE_REFUSED', `The bundle in ${dir} is refused: ${reason}.`, options);
}

async function readListing(dir: string): Promise<BundleListing> {
  try {
    const bundle = await readBundle(dir);
    const { name, version } = bundle.manifest;
    if (name !== basename(dirname(dir)) || version !== basename(dir)) {
      refuseBundle(dir, `its manifest names ${name} ${version}, which is not the folder it lies in`);
    }
    return { dir, bundle };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = await readFile(join(dir, 'bundle.json'), 'utf8').catch(() => '');
    return { dir, refusal: error, task: taskIn(text) };
  }
}

async function readManifestFile(dir: string): Promise<string> {
  try {
    return await readFile(join(dir, 'bundle.json'), 'utf8');
  } catch (cause) {
    return refuseBundle(dir, `its bundle.json cannot be read (${errorCode(cause)})`, { cause });
  }
}

function parseManifest(dir: string, text: string): BundleManifest<Task> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    refuseBundle(dir, 'its bundle.json is not valid JSON', { cause });
  }
  const result = manifestSchema.safeParse(json, { reportInput: true });
  if (!result.success) refuseBundle(dir, issueSentence(result.error.issues[0]!));
  return result.data;
}

/** One schema issue as the end of a sentence: where, what was found, what is accepted. */
function issueSentence(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.') || 'bundle.json';
  const found = JSON.stringify(issue.input) ?? 'missing';
  if (issue.code === 'custom') return `${path} ${issue.message}`;
  if (issue.code === 'invalid_union') {
    // A union is told by one key: that of the tasks, or of the kinds of schedule.
    const value = (issue.input as Record<string, unknown> | undefined)?.[issue.path.at(-1) as string];
    const accepted = path === 'task' ? TASK_NAMES : SCHEDULE_KINDS;
    return value === undefined
      ? `${path} is missing`
      : `${path} is ${JSON.stringify(value)}; accepted: ${accepted.join(', ')}`;
  }
  if (issue.code === 'unrecognized_keys')
    return `${path} has the unknown key ${issue.keys.map((key) => `'${key}'`).join(', ')}`;
  if (issue.code === 'invalid_value') return `${path} is ${found}; accepted: ${issue.values.map(String).join(', ')}`;
  if (issue.code !== 'invalid_type') return `${path} is ${found}: ${issue.message}`;
  return issue.input === undefined ? `${path} is missing` : `${path} is not of type ${issue.expected}`;
}

/** The graph and its data files must be those the manifest was written for, and the graph must open no others. */
/** @returns the size of the graph and its data files */
async function checkGraphFiles(dir: string, role: string, { file, sha256, data = [] }: GraphSpec): Promise<number> {
  const onnx = await readGraph(dir, role, file);
  const actual = createHash('sha256').update(onnx).digest('hex');
  if (actual !== sha256) {
    refuseBundle(dir, `the ${role} graph ${file} has sha256 ${actual}, but the manifest says ${sha256}`);
  }
  for (const location of locationsIn(dir, role, file, onnx)) {
    if (!data.some((listed) => listed.file === location)) {
      const listed = data.map((one) => `'${one.file}'`).join(', ') || 'none';
      const reason = `keeps weights in '${location}', which is not one of the data files that the manifest lists (${listed})`;
      refuseBundle(dir, `its ${role} graph ${file} ${reason}`);
    }
  }
  let bytes = onnx.length;
  for (const { file: dataFile, sha256: expected } of data) {
    const found = await dataSha256(dir, role, dataFile);
    if (found !== expected) {
      const reason = `has sha256 ${found}, but the manifest says ${expected}`;
      refuseBundle(dir, `the ${role} graph's data file ${dataFile} ${reason}`);
    }
    bytes += (await stat(join(dir, dataFile))).size;
  }
  return bytes;
}

async function readGraph(dir: string, role: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, file));
  } catch (cause) {
    return refuseBundle(dir, `its ${role} graph ${file} cannot be read (${errorCode(cause)})`, { cause });
  }
}

function locationsIn(dir: string, role: string, file: string, onnx: Buffer): string[] {
  try {
    return externalLocations(onnx);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const reason = `cannot be loaded by ONNX Runtime (${cause.message})`;
    return refuseBundle(dir, `its ${role} graph ${file} ${reason}`, { cause });
  }
}

/** Read as a stream: a data file may be many gigabytes. */
async function dataSha256(dir: string, role: string, file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(dir, file)), hash);
  } catch (cause) {
    refuseBundle(dir, `the ${role} graph's data file ${file} cannot be read (${errorCode(cause)})`, { cause });
  }
  return hash.digest('hex');
}

async function subfolders(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(dir, entry.name));
    return folders.sort(compareVersions);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The system's code of a file error, e.g. ENOENT. */
function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
