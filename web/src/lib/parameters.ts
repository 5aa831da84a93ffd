/** What the parameters of tasks are called; those that are not here are not shown. */
const WORDS: Readonly<Record<string, string>> = {
  operation: 'What',
  sigma: 'Noise, of 255',
  estimated: 'Noise estimated',
  impulses: 'Black and white pixels',
  factor: 'Enlarged, times',
  ownKl: 'KL grade of the film',
  targetKl: 'KL grade of the last frame',
  compartment: 'Compartment',
  frameCount: 'Frames',
  sequence: 'Series',
  scale: 'Pixels a side, times',
  throughPlane: 'Slices, times',
  network: 'By the',
  bias: 'Divided by coil bias',
};

/** What a task was told, and what it has found for itself, as facts to show. */
export function parameterFacts(parameters: unknown): [string, string][] {
  return Object.entries(parameters as Record<string, unknown>).flatMap(([name, value]): [string, string][] =>
    name in WORDS && value !== null ? [[WORDS[name]!, inWords(value)]] : [],
  );
}

function inWords(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(Number(value.toPrecision(3)));
  const text = String(value);
  // Words of the API, such as MEDIAL; the name of a series stays as it is.
  return /^[A-Z]+$/.test(text) ? text.toLowerCase() : text;
}
