import type { DataSource } from 'typeorm';
import { Generation } from '../entities/index.js';
import type { Slot } from './slot.js';
import { nextInLine } from './scheduler.js';

/** Generations of other models that a slot may skip in a row, to keep the model that it has loaded. */
export const MAX_SKIPPED = 8;

/** How far ahead a slot looks for a generation of its own model. */
const LOOK_AHEAD = 20;

/** A generation that waits, and the model it needs. */
export type Choice = Pick<Generation, 'id' | 'bundleId'>;

/**
 * The generation that a slot computes next. What the queue hands out says that there is something to do, and proposes what. A
 * slot with another model takes a generation of its own model and of the same priority instead if one is among the next, for
 * loading a model may take longer than computing with it; after {@link MAX_SKIPPED} times it takes what it is given. What was
 * skipped needs no handing out again: whoever is handed an id that is taken already takes the first one in line.
 *
 * @param given what was handed out, if it still waited then
 * @param mayTake tells which generations are not out of the question
 * @returns it, and whether it skips the one whose turn it is
 */
export async function chooseGeneration(
  dataSource: DataSource,
  given: Choice | undefined,
  slot: Pick<Slot, 'bundle' | 'skipped'>,
  mayTake: (id: string) => boolean,
): Promise<(Choice & { skips?: boolean }) | undefined> {
  const { bundle, skipped } = slot;
  const content = ({ bundleId }: Choice) => !bundle || bundle.id === bundleId || skipped >= MAX_SKIPPED;
  const proposed = given && mayTake(given.id) ? given : undefined;
  if (proposed && content(proposed)) return proposed;
  const line = (await nextInLine(dataSource, LOOK_AHEAD)).filter(({ id }) => mayTake(id));
  const first = line.find(({ id }) => id === proposed?.id) ?? line[0];
  if (!first || content(first)) return first;
  const own = line.find(({ bundleId, priority }) => bundleId === bundle?.id && priority === first.priority);
  return own ? { ...own, skips: true } : first;
}

/** The generation with this id, if it waits. */
export async function waitingGeneration(dataSource: DataSource, id: string): Promise<Choice | undefined> {
  const where = { id, state: 'QUEUED' as const };
  const found = await dataSource.manager.findOne(Generation, { where, select: { id: true, bundleId: true } });
  return found ?? undefined;
}
