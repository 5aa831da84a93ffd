import { closeInTime } from '../../src/server/close-in-time.js';

test('what a failed start has opened is closed from the last to the first, whatever one of them does', async () => {
  const closed: string[] = [];
  const warned: string[] = [];
  const logger = { warn: (_fields: object, message: string) => void warned.push(message) };
  const closers = [
    () => Promise.resolve(closed.push('database')),
    () => new Promise<void>(() => closed.push('queue, which never closes')),
    () => Promise.reject(new Error(`server ${closed.push('server, which fails')}`)),
  ];

  await closeInTime(closers, 20, logger as never);

  expect(closed).toEqual(['server, which fails', 'queue, which never closes', 'database']);
  expect(warned).toEqual([
    'a part of a start that failed could not be closed',
    'a part of a start that failed does not close and is left',
  ]);
});
