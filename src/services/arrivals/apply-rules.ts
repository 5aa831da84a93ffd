import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { ArrivalTask } from '../../domain/arrival-rules.js';
import { UserError } from '../../domain/errors.js';
import { type ArrivalRule, type Generation, queryRows } from '../../entities/index.js';
import { COMMAND_LINE, type Principal } from '../../policy/index.js';
import { examsWithin } from '../cohorts/index.js';
import { type GenerationServices, requestGeneration, requestRestoration } from '../generations/index.js';
import { orderSending } from '../sendings/index.js';
import { listArrivalRules } from './rules.js';

/** A film that has arrived. */
export interface ArrivedFilm {
  radiographId: number;
  modality: string | null;
}

/** Asks for what rules make of arrived films. */
export interface RuleServices {
  queue: GenerationServices['queue'];
  logger: Logger;
}

/**
 * Asks for what the rules make of a film, each thing once however often the film is sent. What cannot be asked for is logged: the film was taken
 * in, and its sender has nothing to do with it.
 */
export async function applyArrivalRules(
  dataSource: DataSource,
  { queue, logger }: RuleServices,
  film: ArrivedFilm,
): Promise<void> {
  for (const rule of await listArrivalRules(dataSource)) {
    if (rule.modality !== null && rule.modality !== film.modality) continue;
    try {
      await apply({ dataSource, queue }, rule, film);
    } catch (error) {
      const told = error instanceof UserError ? { reason: error.message } : { err: error };
      logger.warn({ rule: rule.id, radiograph: film.radiographId, ...told }, 'an arrival rule could not be kept');
    }
  }
}

async function apply(services: GenerationServices, rule: ArrivalRule, { radiographId }: ArrivedFilm): Promise<void> {
  const { dataSource } = services;
  const actor = creatorOf(rule);
  const shown = await examsOf(dataSource, radiographId);
  const exams = rule.cohortId === null ? shown : await examsWithin(dataSource, actor, rule.cohortId, shown);
  for (const request of REQUESTS[rule.task](radiographId, exams)) {
    const common = { bundle: rule.bundle, clientKey: (part: string) => `arrival rule ${rule.id}: ${part}` };
    const { id: generationId } = await request(services, actor, common);
    if (rule.sendToId === null) continue;
    const order = { generationId, peerId: rule.sendToId, requestedById: actor.tokenId };
    await dataSource.transaction((manager) => orderSending(manager, order));
  }
}

type Ask = (
  services: GenerationServices,
  actor: Principal,
  common: { bundle: string | null; clientKey: (part: string) => string },
) => Promise<Pick<Generation, 'id'>>;

/** What each task is asked for: a volume of each knee, a restored film of the whole. */
const REQUESTS: Readonly<Record<ArrivalTask, (radiographId: number, exams: readonly number[]) => Ask[]>> = {
  'xray-to-mri': (radiographId, exams) =>
    exams.map(
      (examId): Ask =>
        (services, actor, { bundle, clientKey }) =>
          requestGeneration(services, actor, {
            ...{ examId, radiographId, bundle },
            clientKey: clientKey(`film ${radiographId}, exam ${examId}`),
          }),
    ),
  'image-restoration': (radiographId, exams) =>
    exams.length === 0
      ? []
      : [
          (services, actor, { bundle, clientKey }) =>
            requestRestoration(services, actor, {
              ...{ radiographId, bundle, denoise: {} },
              clientKey: clientKey(`film ${radiographId}`),
            }),
        ],
};

/** @throws UserError FORBIDDEN where the token that added the rule may do nothing any more */
function creatorOf({ createdBy }: ArrivalRule): Principal {
  if (createdBy === null) return COMMAND_LINE;
  const { id, name, role, revokedAt, expiresAt } = createdBy;
  if (revokedAt !== null || (expiresAt !== null && expiresAt <= new Date())) {
    throw new UserError('FORBIDDEN', `The token "${name}", which added the rule, is revoked or has expired.`);
  }
  return { tokenId: id, name, role, project: null };
}

/** The exams of the knees that a film shows. */
async function examsOf(dataSource: DataSource, radiographId: number): Promise<number[]> {
  const rows = await queryRows(
    dataSource,
    z.object({ id: z.number() }),
    `SELECT e.id FROM knee_exam e JOIN radiograph r ON r.exam_id = e.id OR r.visit_id = e.visit_id
     WHERE r.id = $1 ORDER BY e.side DESC`,
    [radiographId],
  );
  return rows.map(({ id }) => id);
}
