import type { DataSource, EntityManager } from 'typeorm';
import {
  ARRIVAL_MODALITIES,
  ARRIVAL_TASKS,
  type ArrivalModality,
  type ArrivalTask,
} from '../../domain/arrival-rules.js';
import { UserError } from '../../domain/errors.js';
import { ArrivalRule } from '../../entities/index.js';
import { mayChangeArrivalRule, type Principal } from '../../policy/index.js';
import { audit } from '../access/index.js';
import { chooseReadyBundle } from '../bundles/index.js';
import { findPeer } from '../sendings/index.js';
import { findCohort } from '../cohorts/index.js';

/** What is to be made of films that arrive. */
export interface NewArrivalRule {
  task: ArrivalTask;
  modality?: ArrivalModality | null | undefined;
  /** Key of a cohort. */
  cohortId?: string | null | undefined;
  bundle?: string | null | undefined;
  /** Name of the peer that what is made is sent to. */
  sendTo?: string | null | undefined;
}

/** More rules than anybody keeps apart; each film is held against all of them. */
const MOST_RULES = 100;

const RELATIONS = { cohort: true, createdBy: true, sendTo: true } as const;

/**
 * Adds a rule; it is for films that arrive from now on.
 *
 * @throws UserError NOT_FOUND for a cohort that the actor may not read; BUNDLE_REFUSED, NOT_FOUND for a bundle that is not ready; NOT_FOUND for a peer; LIMIT_EXCEEDED
 */
export async function addArrivalRule(
  dataSource: DataSource,
  actor: Principal,
  { task, modality = null, cohortId = null, bundle = null, sendTo = null }: NewArrivalRule,
): Promise<ArrivalRule> {
  if (!ARRIVAL_TASKS.includes(task)) {
    throw new UserError('BAD_USER_INPUT', `task is ${JSON.stringify(task)}; accepted: ${ARRIVAL_TASKS.join(', ')}.`);
  }
  if (modality !== null && !ARRIVAL_MODALITIES.includes(modality)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `modality is ${JSON.stringify(modality)}; accepted: ${ARRIVAL_MODALITIES.join(', ')}.`,
    );
  }
  return dataSource.transaction(async (manager) => {
    if (cohortId !== null) await findCohort(manager, actor, cohortId);
    await chooseReadyBundle(manager, bundle, task);
    if ((await manager.count(ArrivalRule)) >= MOST_RULES) {
      throw new UserError('LIMIT_EXCEEDED', `There are ${MOST_RULES} rules already; remove one first.`);
    }
    const peer = sendTo === null ? null : await findPeer(manager, sendTo);
    const told = { task, modality, cohortId, bundle, sendToId: peer?.id ?? null };
    const rule = manager.create(ArrivalRule, { ...told, createdById: actor.tokenId });
    const { id } = await manager.save(rule);
    const detail = { task, modality, cohortId, bundle, sendTo };
    await audit(manager, { tokenId: actor.tokenId, action: 'createArrivalRule', target: String(id), detail });
    return findArrivalRule(manager, id);
  });
}

/** All rules, in the order in which they were added. */
export async function listArrivalRules(database: DataSource | EntityManager): Promise<ArrivalRule[]> {
  return database.getRepository(ArrivalRule).find({ relations: RELATIONS, order: { id: 'ASC' } });
}

/** @throws UserError NOT_FOUND */
export async function findArrivalRule(database: DataSource | EntityManager, id: number): Promise<ArrivalRule> {
  const rule = await database.getRepository(ArrivalRule).findOne({ where: { id }, relations: RELATIONS });
  if (!rule) throw new UserError('NOT_FOUND', `There is no arrival rule ${id}.`);
  return rule;
}

/**
 * Removes a rule; what was made by it stays.
 *
 * @throws UserError NOT_FOUND; FORBIDDEN for a rule of somebody else
 */
export async function removeArrivalRule(dataSource: DataSource, actor: Principal, id: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const rule = await findArrivalRule(manager, id);
    if (!mayChangeArrivalRule(rule, actor)) {
      throw new UserError('FORBIDDEN', 'A rule is removed by whoever added it, and by administrators.');
    }
    await manager.delete(ArrivalRule, { id });
    await audit(manager, { tokenId: actor.tokenId, action: 'deleteArrivalRule', target: String(id) });
  });
}
