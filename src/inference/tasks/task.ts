/** What a task is to the room: the interface that every folder beside this file fills. Nothing else of a task is known outside of its folder. */
import type { z } from 'zod';
import type { Graph } from '../backend.js';
import type { CommonManifest, GraphTensors } from '../manifest-parts.js';
import type { Device } from '../devices.js';

/** A bundle with its graphs in memory, checked tensor by tensor, on one device. */
export interface OpenBundle<M = CommonManifest, R extends string = string> {
  /** Absolute folder. */
  dir: string;
  manifest: M;
  device: Device;
  /** Those of the manifest's graphs. */
  sessions: Record<R, Graph>;
}

/** One evaluation of a graph, as the inference process timed it. */
export interface GraphRun {
  /** What telemetry calls the graph, e.g. `denoiser`. */
  graph: string;
  device: Device;
  /** Rows that went through it together. */
  rows: number;
  seconds: number;
}

/** How a run reports, seen from inside the inference process. */
export interface TaskHooks<Output = unknown, Progress = unknown> {
  /** Looked at before every evaluation of a graph; the run then rejects with the signal's reason. */
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** After each evaluation of a graph. */
  onRun?(run: GraphRun): void;
  /** With finished outputs, in order. Awaited before the next ones are handed out. */
  onOutputs(outputs: Output[]): Promise<void>;
}

/** Every request names the bundle that is to carry it out. */
export interface TaskRequest {
  /** Folder that holds bundle.json. */
  bundleDir: string;
}

/** A task: what its bundles must be and how one request is carried out. Types go between processes, so they hold plain data. */
export interface TaskDefinition<
  Name extends string = string,
  Role extends string = string,
  M extends CommonManifest = CommonManifest,
  Request extends TaskRequest = TaskRequest,
  Output = unknown,
  Progress = unknown,
  Result = unknown,
> {
  readonly name: Name;
  /** What it does, in one sentence for the API. */
  readonly purpose: string;
  /** Roles of the graphs, in the order in which they run. A manifest may leave out those that its schema calls optional. */
  readonly roles: readonly Role[];
  /**
   * For networks so small that carrying their input to a GPU takes longer than running them: they run on the cpu, and a process
   * is not replaced for having run them often.
   */
  readonly light: boolean;
  /** Schema of bundle.json; its `task` is a literal, `graphs` has the roles. */
  readonly manifest: z.ZodType<M>;
  /** The tensors that each graph of this manifest must have, in the order of the roles. */
  tensors(manifest: M): Partial<Record<Role, GraphTensors>>;
  /** What is wrong with a request, whatever the bundle; asked before the request waits for its turn. @throws UserError BAD_USER_INPUT */
  check?(request: Request): void;
  /** A request as most are, to run once so that a device has chosen its kernels and taken its memory. */
  usual?(manifest: M): Omit<Request, 'bundleDir'>;
  /** What a bundle does unless a request says otherwise, for people: the end of "is sound and runs on cpu: ...". */
  summary(manifest: M): string;
  /** Carries out one request; in the inference process. @throws UserError for what the caller or the bundle got wrong */
  run(bundle: OpenBundle<M, Role>, request: Request, hooks: TaskHooks<Output, Progress>): Promise<Result>;
}
