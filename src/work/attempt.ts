import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource, FindOptionsWhere } from 'typeorm';
import { MAX_ATTEMPTS } from '../domain/work.js';
import { databaseFault, type Work } from '../entities/index.js';
import { type Fault, faultOf, ProcessStopping, StaleAttempt } from './faults.js';
import type { Completion, RunContext, WorkKind } from './kind.js';
import type { Change, LogBody } from './states.js';
import { Lease } from './lease.js';
import type { Leases } from './leases.js';
import { reach } from './points.js';
import type { WorkRegistry } from './registry.js';
import { backoff, type Timings, TIMINGS } from './timings.js';
import { advance, postpone } from './transitions.js';

export interface AttemptOptions<R extends Work, B extends LogBody, Resources> {
  registry: WorkRegistry;
  kind: WorkKind<R, B, Resources>;
  dataSource: DataSource;
  resources: Resources;
  /** What this process is at. */
  leases: Leases;
  logger: Logger;
  timings?: Timings;
  /** Told when the work is this process's. */
  onClaim?(): void;
}

/** What became of an attempt: PASSED_OVER when the work was not this process's to have. */
export type Attempted = 'PASSED_OVER' | 'ENDED' | Away;

/** Something is away that other work needs, too: how long to take none, ms. */
export interface Away {
  restMs: number;
}

export function isAway(attempted: Attempted): attempted is Away {
  return typeof attempted === 'object';
}

/**
 * Carries waiting work through one attempt: claim, run, outcome. Whatever happens is settled in its row and its log; work that
 * is not waiting any more, or not yet to be started, is passed over.
 *
 * @throws when not even the outcome can be written, which the recovery finds
 */
export async function attemptWork<R extends Work, B extends LogBody, Resources>(
  options: AttemptOptions<R, B, Resources>,
  id: R['id'],
): Promise<Attempted> {
  const { registry, kind, dataSource, resources, leases, logger, timings = TIMINGS } = options;
  registry.require(kind);
  const { manager } = dataSource;
  const where = { id } as FindOptionsWhere<R>;
  const found = await manager.findOneBy(kind.entity, where);
  if (found?.state !== 'QUEUED') return 'PASSED_OVER';
  const away = await whatIsAway(found, options);
  if (away !== undefined) {
    const wait = { reason: away, ms: backoff(timings, found.waits) };
    logger.warn({ [kind.table]: id, ...wait }, `a ${kind.name} waits`);
    await postpone(manager, kind, found, wait);
    return { restMs: wait.ms };
  }
  await reach('claim', kind.table, id, found.attempt);
  const began = performance.now();
  const attempt = found.attempt + 1;
  const set = kind.claiming?.(found, resources);
  if ((await advance(manager, kind, found, { to: 'RUNNING', ...(set ? { set } : {}) })) === undefined) {
    return 'PASSED_OVER';
  }
  const claimSeconds = (performance.now() - began) / 1_000;
  const lease = new Lease<R, B>({ dataSource, kind, id, attempt, logger, timings });
  leases.add(kind.table, id, lease);
  options.onClaim?.();
  const listeners: ((outcome: string, cause: string | null) => void)[] = [];
  const onEnd = (listener: (outcome: string, cause: string | null) => void) => void listeners.push(listener);
  const ended = (outcome: string, cause: string | null) => listeners.forEach((listener) => listener(outcome, cause));
  try {
    await reach('run', kind.table, id, attempt);
    lease.signal.throwIfAborted();
    const row = await manager.findOneOrFail(kind.entity, {
      where,
      ...(kind.relations ? { relations: kind.relations } : {}),
    });
    await carryOut(kind, { row, lease, dataSource, resources, logger, claimSeconds, onEnd }, timings);
    ended(kind.succeeded, null);
    logger.info({ [kind.table]: id, attempt }, `a ${kind.name} has succeeded`);
    return 'ENDED';
  } catch (error) {
    const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
    const fault = faultOf(reason, (cause) => kind.faultOf?.(cause));
    const change = outcomeOf<R, B>(kind, fault, { ...found, attempt }, { timings, ranMs: performance.now() - began });
    logger[fault.kind === 'UNEXPECTED' ? 'error' : 'info'](
      { err: reason, [kind.table]: id, attempt, to: change?.to },
      `a ${kind.name} was stopped`,
    );
    ended(change?.to ?? 'STALE', fault.cause);
    if (change) await settle(options, { id, attempt }, change);
    return fault.kind === 'AWAY' ? { restMs: change?.wait?.ms ?? timings.firstWait } : 'ENDED';
  } finally {
    leases.remove(kind.table, id);
    await lease.release();
  }
}

/** Why the work cannot be started at the moment. Any other fault is found again, and settled, once it is claimed. */
async function whatIsAway<R extends Work, B extends LogBody, Resources>(
  row: R,
  { kind, resources }: Pick<AttemptOptions<R, B, Resources>, 'kind' | 'resources'>,
): Promise<string | undefined> {
  try {
    await kind.ready?.(row, resources);
  } catch (error) {
    const fault = faultOf(error, (cause) => kind.faultOf?.(cause));
    if (fault.kind === 'AWAY') return fault.reason;
  }
  return undefined;
}

/** Runs the work and makes it succeed. */
async function carryOut<R extends Work, B extends LogBody, Resources>(
  kind: WorkKind<R, B, Resources>,
  context: RunContext<R, B, Resources>,
  timings: Timings,
): Promise<void> {
  const { lease, dataSource } = context;
  const completion = await unlessOverdue(kind.run(context), lease.signal, timings);
  try {
    lease.signal.throwIfAborted();
    await reach('settle', kind.table, lease.id, lease.attempt);
    await dataSource.transaction(async (manager) => {
      const change = await completion.finish(manager);
      const seen = { id: lease.id, state: 'RUNNING', attempt: lease.attempt };
      if ((await advance(manager, kind, seen, { ...change, to: kind.succeeded })) === undefined) {
        throw new StaleAttempt(`Attempt ${lease.attempt} of ${kind.name} ${lease.id} is over.`);
      }
    });
  } catch (error) {
    // What is left behind is removed by the next sweep.
    await completion
      .undo?.()
      .catch((err: unknown) => context.logger.warn({ err }, 'could not take back what was stored'));
    throw error;
  }
}

/** A process that is to stop does not wait for ever for an attempt that goes on: what that still writes does not count. */
async function unlessOverdue<R extends Work, B extends LogBody>(
  running: Promise<Completion<R, B>>,
  signal: AbortSignal,
  { stop }: Timings,
): Promise<Completion<R, B>> {
  const ended = new AbortController();
  const overdue = Promise.withResolvers<never>();
  const onAbort = () => {
    if (!(signal.reason instanceof ProcessStopping)) return;
    delay(stop, undefined, { signal: ended.signal }).then(
      () => overdue.reject(signal.reason as Error),
      () => undefined,
    );
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([running, overdue.promise]);
  } finally {
    ended.abort();
    signal.removeEventListener('abort', onAbort);
    // One that was left behind has nobody to tell.
    running.catch(() => undefined);
  }
}

/** What a fault means for the work; undefined when it is not this process's any more. */
function outcomeOf<R extends Work, B extends LogBody>(
  kind: Pick<WorkKind<R, B>, 'holder' | 'canceled'>,
  fault: Fault,
  { attempt, attemptLimit, waits }: R,
  { timings, ranMs }: { timings: Timings; ranMs: number },
): Change<R, B> | undefined {
  switch (fault.kind) {
    case 'STALE':
      return undefined;
    case 'CANCELED':
      return { to: kind.canceled };
    case 'STOPPING':
      return {
        to: 'QUEUED',
        message: `Its ${kind.holder} is shutting down; it will be continued.`,
        uncounted: true,
      };
    case 'FINAL':
      return { to: 'FAILED', message: fault.message };
    case 'AWAY': {
      // An attempt that went well for long ends the row of waits.
      const wait = { reason: fault.reason, ms: backoff(timings, ranMs > timings.lastWait ? 0 : waits) };
      return { to: 'QUEUED', message: `${withoutStop(fault.reason)}; it will be continued.`, wait, uncounted: true };
    }
    case 'UNEXPECTED': {
      const change = afterCrash(attempt, attemptLimit, fault.what);
      if (change.to === 'FAILED') return change;
      const made = attempt - (attemptLimit - MAX_ATTEMPTS);
      return { ...change, wait: { reason: `${fault.what}.`, ms: backoff(timings, Math.max(made - 1, 0)) } };
    }
  }
}

/** Where a crash on attempt `attempt` leads. `what` says what happened, without full stop. */
export function afterCrash(attempt: number, limit: number, what: string): { to: 'QUEUED' | 'FAILED'; message: string } {
  return attempt < limit
    ? { to: 'QUEUED', message: `${what}; it will be continued.` }
    : { to: 'FAILED', message: `${what} on attempt ${attempt}, the last one allowed.` };
}

/** Writes the outcome of an attempt, as soon as the database is there to take it; meanwhile the work is still this process's. */
async function settle<R extends Work, B extends LogBody, Resources>(
  { kind, dataSource, leases, logger, timings = TIMINGS }: AttemptOptions<R, B, Resources>,
  { id, attempt }: { id: R['id']; attempt: number },
  change: Change<R, B>,
): Promise<void> {
  const deadline = performance.now() + timings.stop;
  for (let tried = 0; ; tried++) {
    try {
      await reach('settle', kind.table, id, attempt);
      await advance(dataSource.manager, kind, { id, state: 'RUNNING', attempt }, change);
      return;
    } catch (err) {
      if (!databaseFault(err) || (leases.stopping && performance.now() > deadline)) throw err;
      logger.warn({ err, [kind.table]: id }, 'an outcome could not be written yet');
      await delay(Math.min(backoff(timings, tried), timings.heartbeat));
    }
  }
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
