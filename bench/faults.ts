import { parseArgs } from 'node:util';
import { KINDS } from './faults/kinds.js';
import { randomFrom } from './faults/random.js';
import { redisInstalled, startRedis } from './faults/redis.js';
import { runTrials } from './faults/trials.js';
import { type Figure, report } from './report.js';

const DEFAULT_TRIALS = 10;

/**
 * Breaks the platform at random points and counts what is lost, done twice or stuck:
 * `npm run bench -- faults [--trials N] [--only kind[,kind]] [--seed S] [--queue redis] [--json]`. With `--queue redis` a `redis-server`
 * of its own holds the queue, else the database does.
 */
export async function run({ json, args }: { json: boolean; args: string[] }): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      trials: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string' },
      queue: { type: 'string' },
    },
  });
  const trials = wholeNumber('--trials', values.trials ?? String(DEFAULT_TRIALS));
  const seed = wholeNumber('--seed', values.seed ?? String(Date.now() % 1_000_000));
  const names = values.only?.split(',') ?? Object.keys(KINDS);
  const unknown = names.find((name) => !(name in KINDS));
  if (unknown !== undefined)
    throw new Error(`There is no kind "${unknown}"; accepted: ${Object.keys(KINDS).join(', ')}.`);
  if (values.queue !== undefined && (values.queue !== 'redis' || !redisInstalled))
    throw new Error(`--queue accepts redis, where redis-server is installed; got "${values.queue}".`);
  console.error(`seed ${seed}: --seed ${seed} strikes at the same points again`);
  const figures: Figure[] = [];
  for (const name of names) {
    const redis = values.queue ? await startRedis() : undefined;
    try {
      figures.push(...(await figuresOf(name, trials, seed, redis?.url)));
    } finally {
      await redis?.stop();
    }
  }
  report(figures, { json });
  if (figures.some(({ name, value }) => name.endsWith('faults found') && value > 0)) process.exitCode = 1;
}

async function figuresOf(name: string, trials: number, seed: number, queueUrl?: string): Promise<Figure[]> {
  const kind = KINDS[name]!;
  const missing = kind.missing?.();
  if (missing) {
    console.error(`${name} is left out: ${missing}.`);
    return [];
  }
  console.error(`${name}: ${kind.what}`);
  const result = await runTrials(kind, trials, randomFrom(seed), {
    queueUrl,
    onTrial: (done, faults) => console.error(`  ${done}: ${faults.length === 0 ? 'nothing lost' : faults.join('; ')}`),
  });
  const waits = result.recoveries.sort((a, b) => a - b);
  return [
    { name: `${name}: trials`, value: result.trials, unit: '', better: 'higher' },
    { name: `${name}: kills with -9`, value: result.trials * (kind.kills ?? 0), unit: '', better: 'higher' },
    { name: `${name}: generations`, value: result.generations, unit: '', better: 'higher' },
    { name: `${name}: of these not over when struck`, value: result.caught, unit: '', better: 'higher' },
    { name: `${name}: attempts that were cut short`, value: result.interrupted, unit: '', better: 'higher' },
    { name: `${name}: faults found`, value: result.faults.length, unit: '', limit: 0, better: 'lower' },
    { name: `${name}: fault to all over, median`, value: waits[waits.length >> 1] ?? 0, unit: 's', better: 'lower' },
    { name: `${name}: fault to all over, longest`, value: waits.at(-1) ?? 0, unit: 's', better: 'lower' },
  ];
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, got "${text}".`);
  return Number(text);
}
