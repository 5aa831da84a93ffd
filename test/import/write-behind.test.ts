import { WriteBehind } from '../../src/services/imports/write-behind.js';

test('a batch is written while the next is read, and what became of it is told in the order of the batches', async () => {
  const told: string[] = [];
  const first = Promise.withResolvers<string>();
  await using batches = new WriteBehind<string>((outcome) => told.push(outcome));

  await batches.start(() => first.promise);
  const second = batches.start(() => Promise.resolve('second'));
  expect(told).toEqual([]);

  first.resolve('first');
  await second;
  expect(told).toEqual(['first']);

  await batches.end();
  expect(told).toEqual(['first', 'second']);
});

test('no batch is begun before the one before it was written', async () => {
  const first = Promise.withResolvers<void>();
  const begun: string[] = [];
  await using batches = new WriteBehind<void>(() => undefined);
  const begin = (name: string, until: Promise<void>) =>
    batches.start(() => {
      begun.push(name);
      return until;
    });

  await begin('first', first.promise);
  const second = begin('second', Promise.resolve());
  expect(begun).toEqual(['first']);

  first.resolve();
  await second;
  expect(begun).toEqual(['first', 'second']);
});

test('a batch that could not be written stops the next, and is not told as written', async () => {
  const told: number[] = [];
  let begun = false;
  await using batches = new WriteBehind<number>((outcome) => told.push(outcome));

  await batches.start(() => Promise.reject(new Error('The database is away.')));
  const next = batches.start(() => {
    begun = true;
    return Promise.resolve(2);
  });

  await expect(next).rejects.toThrow('The database is away.');
  expect(begun).toBe(false);
  expect(told).toEqual([]);
});

test('whoever stops in the middle waits for the batch that is being written', async () => {
  const events: string[] = [];
  const writing = Promise.withResolvers<void>();
  const reading = (async () => {
    await using batches = new WriteBehind<void>(() => events.push('told'));
    await batches.start(() => writing.promise);
    throw new Error('The file is damaged.');
  })().catch((error: Error) => events.push(error.message));

  writing.promise.then(
    () => events.push('written'),
    () => undefined,
  );
  await Promise.resolve();
  expect(events).toEqual([]);
  writing.resolve();
  await reading;
  expect(events).toEqual(['written', 'The file is damaged.']);
});
