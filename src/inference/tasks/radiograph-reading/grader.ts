import { UserError } from '../../../domain/errors.js';
import type { OpenBundle, TaskHooks, TaskRequest } from '../task.js';
import type { Manifest } from './manifest.js';

/** Knees to grade. */
export interface GradingRequest extends TaskRequest {
  /** One knee each, looking like a right one, grey 0 to 255, in the size that the bundle takes. */
  films: readonly Float32Array[];
}

/** What the network says of one knee. */
export interface Grading {
  /** Calibrated probabilities of KL 0 to 4; their sum is 1. */
  chances: number[];
  /** How unlike the films of its training the film is; larger is stranger. */
  distance: number;
}

/**
 * Grades knees; for the inference process.
 *
 * @throws UserError BAD_USER_INPUT for a film of another size; Error for a network that gives what are no probabilities
 */
export async function gradeKnees(
  { manifest, sessions }: OpenBundle<Manifest, 'grader'>,
  { films }: GradingRequest,
  { signal }: Pick<TaskHooks, 'signal'>,
): Promise<Grading[]> {
  const { size } = manifest.film;
  const pixels = size * size;
  const wrong = films.find(({ length }) => length !== pixels);
  if (wrong) {
    throw new UserError('BAD_USER_INPUT', `The film has ${wrong.length} values; ${size} x ${size} are needed.`);
  }
  if (films.length === 0) return [];
  signal.throwIfAborted();
  const data = new Float32Array(films.length * pixels);
  films.forEach((film, index) => data.set(film, index * pixels));
  const outputs = await sessions.grader.run({ film: { data, dims: [films.length, 1, size, size] } });
  const gradings = films.map((_, row): Grading => {
    const chances = [...outputs['chances']!.data.subarray(row * 5, row * 5 + 5)];
    return { chances, distance: outputs['distance']!.data[row]! };
  });
  for (const { chances, distance } of gradings) {
    const sum = chances.reduce((total, chance) => total + chance, 0);
    if (!(Math.abs(sum - 1) < 0.01 && chances.every((chance) => chance >= 0) && Number.isFinite(distance))) {
      throw new Error(
        `The grader of ${manifest.name} ${manifest.version} returned values that are not probabilities: ${chances.join(', ')}.`,
      );
    }
  }
  return gradings;
}
