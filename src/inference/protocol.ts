/** Messages between {@link startInferenceHost} and its child process. Every call has an id; at most one runs at a time. */
import { UserError } from '../domain/errors.js';
import type { UserErrorCode } from '../domain/errors.js';
import type { FloatTensor } from './backend.js';
import type { Device, DeviceChoice } from './devices.js';
import type { BundleManifest, Task } from './tasks/index.js';
import type { GraphRun, TaskRequest } from './tasks/task.js';

/** Settings of the child, its first argument as JSON. */
export interface ChildSettings {
  device: DeviceChoice;
  threads: number;
  /** Operating-system priority, 0 (normal) to 19 (lowest). */
  niceness: number;
}

/** What the inference process holds, one of each at a time: a bundle of each task, a bundle whose task cannot be told, a metric's network. */
export type Slot = Task | 'unknown' | 'backbone';

/** A bundle as it is loaded in the inference process. */
export interface BundleDescription {
  dir: string;
  manifest: BundleManifest<Task>;
  sha256: string;
  /** Where it runs. */
  device: Device;
}

export type ParentMessage =
  | { kind: 'describe'; id: number; slot: Slot; bundleDir: string }
  /** One request of a task; the task alone knows what its request, outputs, progress and result hold. */
  | { kind: 'run'; id: number; task: Task; request: TaskRequest }
  | { kind: 'look'; id: number; file: string; images: FloatTensor[] }
  | { kind: 'cancel'; id: number }
  | { kind: 'taken'; id: number };

export type ChildMessage =
  | { kind: 'ready' }
  | { kind: 'progress'; id: number; progress: unknown }
  | { kind: 'evaluated'; id: number; run: GraphRun }
  | { kind: 'outputs'; id: number; outputs: unknown[] }
  | FinalMessage;

/** The one message that ends a call. */
export type FinalMessage =
  | { kind: 'described'; id: number; description: BundleDescription }
  /** `memory`: what the process holds by then, bytes. */
  | { kind: 'done'; id: number; result: unknown; memory: number }
  | { kind: 'looked'; id: number; output: FloatTensor }
  | { kind: 'canceled'; id: number }
  | { kind: 'failed'; id: number; error: TransferredError };

/** An error on its way between processes: codes of user errors survive, stacks of others too. */
export interface TransferredError {
  code: UserErrorCode | null;
  message: string;
  stack: string;
}

export function packError(error: unknown): TransferredError {
  const code = error instanceof UserError ? error.code : null;
  if (!(error instanceof Error)) return { code, message: String(error), stack: '' };
  const cause = error.cause instanceof Error ? `\nCaused by ${error.cause.stack ?? error.cause.message}` : '';
  return { code, message: error.message, stack: `${error.stack ?? ''}${cause}` };
}

export function unpackError({ code, message, stack }: TransferredError): Error {
  if (code !== null) return new UserError(code, message);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
