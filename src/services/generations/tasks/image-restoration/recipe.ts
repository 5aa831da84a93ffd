import type { Generation } from '../../../../entities/index.js';
import type { MadeBy } from '../task.js';
import { parametersIn } from './parameters.js';

/** What decides every pixel of a restored film: the same recipe on the same device gives the same film. */
export function recipeOf(generation: Generation, { name, version, sha256 }: MadeBy) {
  const { steps, seed, origin } = generation;
  const { film: _, ...told } = parametersIn(generation);
  const last = origin?.attempts.at(-1);
  return {
    synthetic: true as const,
    bundle: { name, version, sha256 },
    code: last?.code ?? null,
    film: origin?.film ?? null,
    ...told,
    mask: origin?.mask ?? null,
    steps,
    seed,
    device: last?.device ?? generation.device,
  };
}
