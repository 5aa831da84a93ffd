import { KINDS } from '../../bench/faults/kinds.js';
import { randomFrom } from '../../bench/faults/random.js';
import { runTrials } from '../../bench/faults/trials.js';

// One of each that takes seconds; `npm run bench -- faults` has the others, and many of each.
test.each(['postgres-embedded', 'second-start', 'postgres-external', 'duplicate'])(
  'nothing is lost, done twice or stuck: %s',
  async (name) => {
    const kind = KINDS[name]!;
    const missing = kind.missing?.();
    if (missing) return console.warn(`${name} is left out: ${missing}.`);
    const seed = Date.now() % 1_000_000;

    const { trials, faults } = await runTrials(kind, 1, randomFrom(seed));
    expect({ seed, trials, faults }).toEqual({ seed, trials: 1, faults: [] });
  },
);
