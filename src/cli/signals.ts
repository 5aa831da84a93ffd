import { UserError } from '../domain/errors.js';

/**
 * Ctrl-C and SIGTERM end the work in good order, and with it the database that the command started.
 *
 * @param message what was stopped and what of it stays, for whoever stopped it
 */
export function stopOnSignal(message: string): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new UserError('UNAVAILABLE', message));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, stop);
    },
  };
}
