import { UserError } from '../../../domain/errors.js';
import type { OpenBundle, TaskHooks, TaskRequest } from '../task.js';
import type { Manifest } from './manifest.js';

/** A closed joint to which the network is to add what a grade adds; `rows` x `columns` of the manifest's picture each. */
export interface RemodelRequest extends TaskRequest {
  /** In units of the film's window. */
  picture: Float32Array;
  /** How much of each pixel is joint space, and how much of it is drawn anew, 0 to 1. */
  space: Float32Array;
  near: Float32Array;
  /** KL grade of the film, and the one to add, 0 to 4; what lies between two is mixed from both. */
  own: number;
  grade: number;
  /** Whether the compartments on the image's right and on its left are affected. */
  affected: readonly [boolean, boolean];
}

/** @throws UserError BAD_USER_INPUT for a grade that is none; whatever the bundle */
export function checkRemodel({ own, grade }: RemodelRequest): void {
  for (const value of [own, grade]) {
    if (!(value >= 0 && value <= 4)) throw new UserError('BAD_USER_INPUT', `The KL grade is ${value}; it is 0 to 4.`);
  }
}

/**
 * What the network adds, in units of the film's window, already scaled by the manifest's amplitude; for the inference process.
 *
 * @throws UserError BAD_USER_INPUT for pictures of another size; Error for a network that gives no numbers
 */
export async function remodel(
  { manifest, sessions, device }: OpenBundle<Manifest, 'remodeller'>,
  { picture, space, near, own, grade, affected }: RemodelRequest,
  { signal, onRun }: Pick<TaskHooks, 'signal' | 'onRun'>,
): Promise<Float32Array> {
  const { rows, columns } = manifest.progression.picture;
  const wrong = [picture, space, near].find(({ length }) => length !== rows * columns);
  if (wrong) {
    throw new UserError('BAD_USER_INPUT', `The picture has ${wrong.length} values; ${columns} x ${rows} are needed.`);
  }
  signal.throwIfAborted();
  const image = (data: Float32Array) => ({ data, dims: [1, 1, rows, columns] });
  const one = (value: number) => ({ data: Float32Array.of(value), dims: [1] });
  const began = performance.now();
  const { addition } = await sessions.remodeller.run({
    picture: image(picture),
    space: image(space),
    near: image(near),
    own: one(own),
    grade: one(grade),
    affected: { data: Float32Array.from(affected, Number), dims: [1, 2] },
  });
  onRun?.({ graph: 'remodeller', device, rows: 1, seconds: (performance.now() - began) / 1000 });
  const added = addition!.data.map((value) => value * manifest.progression.amplitude);
  if (!added.every(Number.isFinite)) throw new Error('The remodeller returned values that are not numbers.');
  return added;
}
