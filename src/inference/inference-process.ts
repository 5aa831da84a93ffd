import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { compiledModule } from '../domain/package.js';
import { unpackError } from './protocol.js';
import type { ChildMessage, ChildSettings, FinalMessage, ParentMessage } from './protocol.js';
import type { GraphRun } from './tasks/task.js';

/** The inference process ended before it had answered: killed, out of memory, or crashed in native code. Nothing it had not handed out is lost twice: ask again with `skip`. */
export class InferenceProcessDied extends Error {
  override readonly name = 'InferenceProcessDied';
}

/** What happens while a request of a task runs. */
export interface RunHooks<Output = unknown, Progress = unknown> {
  /** Stops the run before its next evaluation of a graph; the call then rejects with the signal's reason. */
  signal?: AbortSignal;
  onProgress?(progress: Progress): void;
  /** After each evaluation of a graph, with how long it took. */
  onRun?(run: GraphRun): void;
  /**
   * With each finished output, in order, one at a time. A returned promise is waited for, and the next ones that finish together
   * are handed out only when all of these are taken; a rejection stops the run and rejects the call.
   */
  onOutput?(output: Output): void | Promise<void>;
}

/** The call in progress. */
interface Call {
  id: number;
  hooks: RunHooks;
  /** Settles when every output received so far is taken. */
  delivery: Promise<void>;
  fault?: { error: unknown };
  resolve(message: FinalMessage): void;
  reject(error: Error): void;
}

type CallMessage = Extract<ParentMessage, { kind: 'describe' | 'run' | 'look' }>;
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** How much of the child's standard error is kept for the message of its death. */
const STDERR_TAIL = 4000;

/** One child process running host-child.ts; at most one call at a time. */
export class InferenceProcess {
  private call: Call | undefined;
  private lastId = 0;
  private stderr = '';
  private stopping = false;
  private readonly closed: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.closed = new Promise((resolve) => child.once('close', resolve));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_TAIL);
    });
    child.on('error', (error) => (this.stderr += error.message));
    child.on('message', (message: ChildMessage) => this.receive(message));
    child.on('close', (code, signal) => void this.fail(this.death(code, signal)));
  }

  /**
   * Starts the child and waits until it is ready.
   *
   * @throws InferenceProcessDied when it cannot start, with what it wrote to its standard error
   */
  static async start(settings: ChildSettings, env: Record<string, string>): Promise<InferenceProcess> {
    const child = fork(compiledModule('inference/host-child'), [JSON.stringify(settings)], {
      // Flags of this process, such as a debugger's port, are not the child's.
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const started = new InferenceProcess(child);
    await Promise.race([
      once(child, 'message'),
      once(child, 'close').then(([code, signal]) => {
        throw started.death(code as number | null, signal as string | null);
      }),
    ]);
    return started;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get alive(): boolean {
    return this.child.connected && !this.stopping;
  }

  /** Sends one call and waits for its final message; rejects with the fault of the call, of a hook, or of the process. */
  async run(message: WithoutId<CallMessage>, hooks: RunHooks = {}): Promise<FinalMessage> {
    const id = ++this.lastId;
    const cancel = () => this.send({ kind: 'cancel', id });
    hooks.signal?.addEventListener('abort', cancel);
    try {
      return await new Promise<FinalMessage>((resolve, reject) => {
        this.call = { id, hooks, delivery: Promise.resolve(), resolve, reject };
        this.send({ ...message, id });
        // A signal that is aborted already fires no event.
        if (hooks.signal?.aborted) cancel();
      });
    } finally {
      this.call = undefined;
      hooks.signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the process now, in the middle of a forward pass if need be: it owns nothing that could be left half-done. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.child.kill('SIGKILL');
    await this.closed;
  }

  private receive(message: ChildMessage): void {
    const { call } = this;
    if (message.kind === 'ready' || !call || message.id !== call.id) return;
    switch (message.kind) {
      case 'progress':
        return this.guard(call, () => call.hooks.onProgress?.(message.progress));
      case 'evaluated':
        return this.guard(call, () => call.hooks.onRun?.(message.run));
      case 'outputs':
        call.delivery = this.deliver(call, message.outputs);
        return;
      case 'canceled':
        return void call.delivery.then(() => call.reject((call.fault?.error ?? call.hooks.signal?.reason) as Error));
      case 'failed':
        return void this.fail(unpackError(message.error));
      case 'described':
      case 'looked':
      case 'done':
        return call.resolve(message);
    }
  }

  private async deliver(call: Call, outputs: unknown[]): Promise<void> {
    try {
      for (const output of outputs) {
        if (call.hooks.signal?.aborted) return;
        await call.hooks.onOutput?.(ownCopy(output));
      }
      this.send({ kind: 'taken', id: call.id });
    } catch (error) {
      this.abandon(call, error);
    }
  }

  private guard(call: Call, hook: () => void): void {
    if (call.fault) return;
    try {
      hook();
    } catch (error) {
      this.abandon(call, error);
    }
  }

  /** A hook failed: the run is of no use any more. */
  private abandon(call: Call, error: unknown): void {
    call.fault ??= { error };
    this.send({ kind: 'cancel', id: call.id });
  }

  /** Rejects the call in progress, once outputs already received are taken, so that its owner knows what it has. */
  private async fail(error: Error): Promise<void> {
    const { call } = this;
    await call?.delivery;
    call?.reject((call.fault?.error as Error | undefined) ?? error);
  }

  private send(message: ParentMessage): void {
    // Delivery may fail when the child is gone; its `close` event reports that.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private death(code: number | null, signal: string | null): Error {
    if (this.stopping) return new InferenceProcessDied('The inference process was stopped by its owner.');
    const how = signal ? `signal ${signal}` : `exit code ${code}`;
    const wrote = this.stderr.trim();
    return new InferenceProcessDied(`The inference process ended unexpectedly (${how}).${wrote ? `\n${wrote}` : ''}`);
  }
}

/** A deserialised array of pixels is a view of the whole message; its copy owns its memory and nothing else. */
function ownCopy(output: unknown): unknown {
  if (typeof output !== 'object' || output === null) return output;
  const copied = Object.entries(output).map(([key, value]): [string, unknown] => [
    key,
    value instanceof Float32Array ? value.slice() : value,
  ]);
  return Object.fromEntries(copied);
}
