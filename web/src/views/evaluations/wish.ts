import { type Filter, filledIn } from '../../lib/filters.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import type { Evaluation, EVALUATE } from './queries.ts';

type Input = VariablesOf<typeof EVALUATE>['input'];

/** Grades to condition on instead of the preferred reading, under a name; null = treat as missing. */
export interface FeatureSet {
  name: string;
  overrides: { feature: string; grade: number | null }[];
}

/** What is to be evaluated, as the form has it; lists of numbers are text while they are typed. */
export interface Wish {
  name: string;
  /** `name@version` */
  bundles: string[];
  samplers: string[];
  steps: string;
  slices: string;
  sets: FeatureSet[];
  cohort: string | null;
  /** Conditions may still lack a value. */
  where: Filter;
  noise: string;
  /** DDIM's eta; empty: each bundle's own. */
  eta: string;
  seed: string;
  seedRule: string;
}

/** The wish of an address: `?bundle=a@1.0.0&bundle=b@1.0.0&steps=1,2&slices=50&where={...}&sets=[...]`. */
export function readWish(params: URLSearchParams): Wish {
  return {
    name: params.get('name') ?? '',
    bundles: params.getAll('bundle'),
    samplers: params.getAll('sampler'),
    steps: params.get('steps') ?? '',
    slices: params.get('slices') ?? '50',
    sets: (json(params.get('sets')) as FeatureSet[] | undefined) ?? [],
    cohort: params.get('cohort'),
    where: (json(params.get('where')) as Filter | undefined) ?? {},
    noise: params.get('noise') ?? 'SHARED',
    eta: params.get('eta') ?? '',
    seed: params.get('seed') ?? '0',
    seedRule: params.get('seedRule') ?? 'PER_EXAM',
  };
}

/** The address of the form that would ask for an evaluation again. */
export function wishOf({ arms, filter, seed, seedRule }: Evaluation): string {
  const each = <T>(of: (arm: Evaluation['arms'][number]) => T) => [...new Set(arms.map(of))];
  const sets = new Map(
    arms.map(({ featureSet, featureOverrides }) => [
      featureSet,
      featureOverrides.map(({ feature, grade }) => ({ feature, grade })),
    ]),
  );
  const params = new URLSearchParams({
    steps: each(({ steps }) => steps).join(', '),
    slices: each(({ sliceCount }) => sliceCount).join(', '),
    noise: arms[0]!.noise,
    seed: String(seed),
    seedRule,
  });
  const etas = each(({ eta }) => eta);
  if (etas.length === 1) params.set('eta', String(etas[0]));
  for (const bundle of each((arm) => arm.bundle)) params.append('bundle', bundle);
  for (const sampler of each((arm) => arm.sampler)) params.append('sampler', sampler);
  if (filter) params.set('where', JSON.stringify(filter));
  const asRead = arms.every(({ featureOverrides }) => featureOverrides.length === 0);
  if (!asRead) params.set('sets', JSON.stringify([...sets].map(([name, overrides]) => ({ name, overrides }))));
  return params.toString();
}

/** The wish as the API takes it. */
export function inputOf(wish: Wish): Input {
  const { name, bundles, samplers, steps, slices, sets, cohort, where, noise, eta, seed, seedRule } = wish;
  return {
    name: name.trim() || undefined,
    bundles,
    samplers: samplers as Input['samplers'],
    steps: numbersOf(steps),
    sliceCounts: numbersOf(slices),
    featureSets: sets as Input['featureSets'],
    cohortId: cohort,
    where: filledIn(where) as Input['where'],
    noise: noise as Input['noise'],
    eta: eta === '' ? undefined : Number(eta),
    seed: Number(seed),
    seedRule: seedRule as Input['seedRule'],
  };
}

/** Every combination is an arm; what is not chosen is the bundle's own, once. */
export function armCount({ bundles, samplers, steps, slices, sets }: Wish): number {
  const choices = [samplers, numbersOf(steps), numbersOf(slices), sets];
  return choices.reduce((product, { length }) => product * Math.max(length, 1), bundles.length);
}

/** "1, 2, 10" */
function numbersOf(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map(Number);
}

function json(text: string | null): unknown {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
