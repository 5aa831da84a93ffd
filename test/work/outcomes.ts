/**
 * What every fault comes to for every kind of work: the final state, and the attempts that it cost of the five there are. Whoever
 * adds a kind adds a column here and a subject to the helper; nothing else.
 */
export const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'its process is killed': {
    generation: 'SUCCEEDED 2',
    batch: 'SUCCEEDED 2',
    evaluation: 'SUCCEEDED 2',
    export: 'SUCCEEDED 2',
    reader_study: 'OPEN 2',
  },
  'another attempt has begun meanwhile': {
    generation: 'SUCCEEDED 3',
    batch: 'SUCCEEDED 3',
    evaluation: 'SUCCEEDED 3',
    export: 'SUCCEEDED 3',
    reader_study: 'OPEN 3',
  },
  'canceled while it waits': {
    generation: 'CANCELED 0',
    batch: 'CANCELED 0',
    evaluation: 'CANCELED 0',
    export: 'CANCELED 0',
    reader_study: 'CLOSED 0',
  },
  'canceled while it runs': {
    generation: 'CANCELED 1',
    batch: 'CANCELED 1',
    evaluation: 'CANCELED 1',
    export: 'CANCELED 1',
    reader_study: 'CLOSED 1',
  },
  'canceled while it runs, and nobody is notified': {
    generation: 'CANCELED 1',
    batch: 'CANCELED 1',
    evaluation: 'CANCELED 1',
    export: 'CANCELED 1',
    reader_study: 'CLOSED 1',
  },
  'the blob store is away for 3 s': {
    generation: 'SUCCEEDED 1',
    batch: 'SUCCEEDED 1',
    evaluation: 'SUCCEEDED 1',
    export: 'SUCCEEDED 1',
    reader_study: 'OPEN 1',
  },
  'the database is away for 3 s': {
    generation: 'SUCCEEDED 1',
    batch: 'SUCCEEDED 1',
    evaluation: 'SUCCEEDED 1',
    export: 'SUCCEEDED 1',
    reader_study: 'OPEN 1',
  },
  'nobody is told that it waits': {
    generation: 'SUCCEEDED 1',
    batch: 'SUCCEEDED 1',
    evaluation: 'SUCCEEDED 1',
    export: 'SUCCEEDED 1',
    reader_study: 'OPEN 1',
  },
  'its process is told to stop': {
    generation: 'SUCCEEDED 1',
    batch: 'SUCCEEDED 1',
    evaluation: 'SUCCEEDED 1',
    export: 'SUCCEEDED 1',
    reader_study: 'OPEN 1',
  },
  'an error every time': {
    generation: 'FAILED 5',
    batch: 'FAILED 5',
    evaluation: 'FAILED 5',
    export: 'FAILED 5',
    reader_study: 'FAILED 5',
  },
  'its input is damaged': {
    generation: 'FAILED 1',
    batch: 'FAILED 1',
    evaluation: 'FAILED 1',
    export: 'FAILED 1',
    reader_study: 'FAILED 1',
  },
};
