import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/domain/package.js';

/** A Python script of this folder that answers each line of JSON on its standard input with one. */
export interface PythonSide {
  /** Its first line. */
  first: unknown;
  ask(order: object): Promise<unknown>;
  stop(): void;
}

/**
 * Starts `script` with the Python in `OSTEOGRAPH_PYTHON` (default python3) and waits for its first line. Undefined where there is
 * no such Python, or the script ended without a word, as it does where PyTorch is missing.
 */
export async function startPython(script: string, args: readonly string[]): Promise<PythonSide | undefined> {
  const path = join(packageRoot, 'bench/generation', script);
  const python = process.env['OSTEOGRAPH_PYTHON'] ?? 'python3';
  const child = spawn(python, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const spawned = Promise.withResolvers<boolean>();
  child.once('spawn', () => spawned.resolve(true)).once('error', () => spawned.resolve(false));
  if (!(await spawned.promise)) return undefined;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) return undefined;
  return {
    first: JSON.parse(first.value),
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${script} ended while it was asked ${JSON.stringify(order)}.`);
      return JSON.parse(value);
    },
    stop: () => void child.stdin.end(),
  };
}
