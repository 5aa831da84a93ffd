import { once } from 'node:events';
import { constants } from 'node:os';
import { UserError } from '../domain/errors.js';

export interface Stop extends Disposable {
  /** Aborted when the work is to end, with an error that says why. */
  signal: AbortSignal;
  /** Resolves then. */
  asked: Promise<void>;
  /** Asks for the end without a signal: something that the work needs is gone. */
  now(reason?: Error): void;
}

export interface StopOptions {
  /** How long ending in good order may take, ms; default {@link PATIENCE_MS}. */
  patienceMs?: number;
  /** What a second signal does where good order has a shorter form, which then gets {@link HURRY_MS}. */
  hurry?(): void;
}

/** What a command has to end in good order may take, unless it says otherwise, ms. */
const PATIENCE_MS = 30_000;

/** Time for the shorter form, ms. */
const HURRY_MS = 3_000;

/** A command that has ended leaves the process within this time, whatever has not let go, ms. */
const EXIT_MS = 5_000;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What runs now and wants to end in good order. */
const stops = new Set<{ begin(reason?: Error): void; hurry?: (() => void) | undefined; patienceMs: number }>();

let asked = 0;

/** What a process that the first signal killed would end with; undefined before a signal. */
let codeAsked: number | undefined;

/**
 * Deals with Ctrl-C and SIGTERM for every command. The first asks for an end in good order, within a deadline; where there is
 * nothing to put in order, it ends the process. One more ends it at once. The code is then 128 and the signal's number, as of a
 * process that the signal killed, and 1 after a deadline.
 */
export function handleSignals(): void {
  for (const name of SIGNALS) process.on(name, () => onSignal(name));
}

/** The code that a command which failed ends with: 128 and the number of the signal that ended its work, else 1. */
export function codeOfFailure(): number {
  return codeAsked ?? 1;
}

/** Ends the process when its command has ended but something does not let go: a connection, a child, a timer. */
export function exitSoon(): void {
  setTimeout(() => process.exit(), EXIT_MS).unref();
}

/**
 * Ends work in good order, and with it the database that the command started.
 *
 * @param message what was stopped and what of it stays, for whoever stopped it
 */
export function stopOnSignal(message: string, { patienceMs = PATIENCE_MS, hurry }: StopOptions = {}): Stop {
  const controller = new AbortController();
  const { signal } = controller;
  const begin = (reason: Error = new UserError('UNAVAILABLE', message)): void => controller.abort(reason);
  const stop = { begin, hurry, patienceMs };
  stops.add(stop);
  return {
    signal,
    asked: once(signal, 'abort').then(() => undefined),
    now(reason) {
      if (signal.aborted) return;
      begin(reason);
      cutOffAfter(patienceMs, 1);
    },
    [Symbol.dispose]: () => void stops.delete(stop),
  };
}

function onSignal(name: (typeof SIGNALS)[number]): void {
  const code = 128 + constants.signals[name];
  asked++;
  codeAsked ??= code;
  if (asked === 1 && stops.size > 0) {
    for (const { begin } of stops) begin();
    return cutOffAfter(Math.max(...[...stops].map(({ patienceMs }) => patienceMs)), 1);
  }
  const hurries = [...stops].flatMap(({ hurry }) => hurry ?? []);
  if (asked > 2 || hurries.length === 0) process.exit(code);
  for (const hurry of hurries) hurry();
  cutOffAfter(HURRY_MS, code);
}

function cutOffAfter(ms: number, code: number): void {
  const cutOff = () => {
    console.error(`osteograph: Work was still running after ${ms / 1000} s and was stopped.`);
    process.exit(code);
  };
  setTimeout(cutOff, ms).unref();
}
