import { QueryFailedError } from 'typeorm';
import { UserError } from '../../src/domain/errors.js';
import { BlobDamaged, BlobMissing, BlobStoreUnavailable } from '../../src/storage/index.js';
import { faultOf } from '../../src/work/faults.js';
import { backoff } from '../../src/work/timings.js';

const KEY = `ab/ab${'0'.repeat(62)}`;

function failedQuery(code: string): QueryFailedError {
  return new QueryFailedError('SELECT 1', [], Object.assign(new Error('refused'), { code }));
}

describe('what ended an attempt', () => {
  it.each([
    ['a fault of the user', new UserError('BAD_USER_INPUT', 'Not so.'), 'FINAL', 'Not so.'],
    [
      'a damaged blob',
      new BlobDamaged(KEY, 'Radiograph 7'),
      'FINAL',
      'The blob of Radiograph 7 is damaged: its sha256 differs.',
    ],
    ['a lost blob', new BlobMissing(KEY, 'slice 3'), 'FINAL', 'The blob of slice 3 is missing from the blob store.'],
    [
      'a damaged blob that was explained',
      new UserError('UNAVAILABLE', 'The volume is damaged.', { cause: new BlobDamaged(KEY) }),
      'FINAL',
      'The volume is damaged.',
    ],
    [
      'a store that is away',
      new BlobStoreUnavailable('Nobody answers.'),
      'AWAY',
      'The blob store cannot be used at the moment: Nobody answers.',
    ],
    ['a device that is away', new UserError('UNAVAILABLE', 'No such GPU.'), 'AWAY', 'No such GPU.'],
    ['a database that shuts down', failedQuery('57P01'), 'AWAY', 'The database cannot be reached at the moment.'],
    [
      'a database whose disk is full',
      failedQuery('53100'),
      'AWAY',
      'The disk of the database is full; nothing can be stored until there is room.',
    ],
    [
      'a database that has become a standby',
      failedQuery('25006'),
      'AWAY',
      'The database takes no changes at the moment: it is a standby.',
    ],
    ['a database with too many guests', failedQuery('53300'), 'AWAY', 'The database cannot be reached at the moment.'],
    [
      'a refused connection',
      Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
      'AWAY',
      'The database cannot be reached at the moment.',
    ],
    [
      'a connection that broke',
      new Error('Connection terminated unexpectedly'),
      'AWAY',
      'The database cannot be reached at the moment.',
    ],
    [
      'a broken constraint',
      failedQuery('23505'),
      'UNEXPECTED',
      'An unexpected error, which the log describes, stopped it',
    ],
    [
      'a bug',
      new TypeError('x is not a function'),
      'UNEXPECTED',
      'An unexpected error, which the log describes, stopped it',
    ],
  ])('%s', (_what, error, kind, sentence) => {
    const fault = faultOf(error);
    expect(fault.kind).toBe(kind);
    expect(Object.values(fault)).toContain(sentence);
  });
});

test('a wait is twice as long each time, up to the last one, and a random half of it shorter', () => {
  const waits = { firstWait: 1_000, lastWait: 15_000 };
  for (const [made, longest] of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
    const drawn = Array.from({ length: 200 }, () => backoff(waits, made));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(longest / 2);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(longest);
    expect(new Set(drawn).size).toBeGreaterThan(20);
  }
});
