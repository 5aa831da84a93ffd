import type { EntityManager } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { z } from 'zod';
import { MAX_ATTEMPTS } from '../domain/work.js';
import { queryRows, type Work } from '../entities/index.js';
import {
  type Change,
  channelOf,
  type LogBody,
  type LoggedKind,
  requireLegal,
  type Seen,
  type StateMachine,
  type Wait,
} from './states.js';
import { countLines, insertLines } from './log-pages.js';
import { reach } from './points.js';

/**
 * Makes every change of the state of work and every entry in its log, and is the only one to do so. One statement changes the row
 * if (state, attempt) are still those that the caller read, numbers the new lines without a gap, writes them and announces
 * them; the row's lock orders it against all others. Claiming it (to RUNNING) counts a new attempt, which shuts out whoever had
 * the one before.
 *
 * @returns the newest sequence number, or undefined when the work has moved on, or may not be claimed yet: then nothing was changed
 * @throws Error for a transition that the states do not allow
 */
export async function advance<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: StateMachine<R, B>,
  seen: Seen<R['state']>,
  change: Change<R, B>,
): Promise<number | undefined> {
  const { to } = change;
  const which = (bind: Bind) => {
    const same = `id = ${bind(seen.id)} AND state = ${bind(seen.state)} AND attempt = ${bind(seen.attempt)}`;
    return to === 'RUNNING' ? `${same} AND ${STARTABLE}` : same;
  };
  if (to === undefined) {
    await reach('write', kind.table, seen.id, seen.attempt);
    return (await write(manager, kind, which, seen.state, change))[0];
  }
  requireLegal(kind, seen.state, to);
  const move = async (own: EntityManager) => (await write(own, kind, which, seen.state, change))[0];
  if (!kind.around) return move(manager);
  const error = to === 'FAILED' ? (change.message ?? null) : null;
  return inTransaction(manager, (own) =>
    kind.around!(own, { id: seen.id, from: seen.state, to, error }, () => move(own)),
  );
}

/**
 * Takes all work of one parent from one state to another, as {@link advance} does with one; what goes round a change is left to
 * the caller.
 *
 * @param parent column that names the parent, and its value
 * @returns how many they were
 */
export async function advanceAll<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: StateMachine<R, B>,
  parent: { column: string; value: string },
  from: R['state'],
  change: { to: R['state']; message: string },
): Promise<number> {
  requireLegal(kind, from, change.to);
  const which = (bind: Bind) => `${parent.column} = ${bind(parent.value)} AND state = ${bind(from)}`;
  return (await write(manager, kind, which, from, change)).length;
}

/** Enters the first line of the log of work that was just inserted as QUEUED. Call it in the transaction that inserts it. */
export async function enterLog<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: StateMachine<R, B>,
  id: R['id'],
): Promise<Seen<R['state']>> {
  const seen: Seen<R['state']> = { id, state: 'QUEUED', attempt: 0 };
  const which = (bind: Bind) => `id = ${bind(id)}`;
  await write(manager, kind, which, seen.state, { events: [] }, [stateLine('QUEUED')]);
  return seen;
}

/** Leaves work QUEUED for a while; its log says so where the reason is a new one. */
export async function postpone<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: StateMachine<R, B>,
  row: R,
  wait: Wait,
): Promise<void> {
  const which = (bind: Bind) => `id = ${bind(row.id)} AND state = 'QUEUED' AND attempt = ${bind(row.attempt)}`;
  const lines = row.waitingReason === wait.reason ? [] : [stateLine('QUEUED', wait.reason)];
  await write(manager, kind, which, 'QUEUED', { wait }, lines);
}

/** SQL: work that may be started now. */
export const STARTABLE = '(not_before IS NULL OR not_before <= clock_timestamp())';

type Bind = (value: unknown) => string;

function stateLine(state: string, message: string | null = null): LogBody {
  return { type: 'STATE_CHANGED', payload: { state, message } };
}

const CHANGED = z.object({ last_seq: z.number() });

/** @returns the newest sequence number of each row that was changed. */
async function write<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: StateMachine<R, B>,
  which: (bind: Bind) => string,
  from: R['state'],
  change: Change<R, B>,
  ownLines?: LogBody[],
): Promise<number[]> {
  const { to, message, events = [], wait } = change;
  const lines: object[] = [...events, ...(ownLines ?? (to === undefined ? [] : [stateLine(to, message)]))];
  const parameters: unknown[] = [JSON.stringify(lines), channelOf(kind)];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const set = { ...(to === undefined ? {} : kind.entering?.[to]), ...change.set };
  const assignments = to === undefined ? [] : stateColumns(kind, from, to, bind, message);
  if (wait) assignments.push(...waitColumns(wait, bind));
  else if (to !== undefined) assignments.push('not_before = NULL', 'waiting_reason = NULL');
  if (change.uncounted) assignments.push('attempt_limit = attempt_limit + 1');
  assignments.push(...columnsOf(manager, kind.entity, set, bind));
  const payload = `CASE line.event->>'type'
    WHEN 'STATE_CHANGED' THEN (line.event->'payload') || jsonb_build_object('attempt', changed.attempt)
    ELSE line.event->'payload'
  END`;
  const outbox = to === undefined ? undefined : kind.outbox?.(to, bind);
  const rows = await queryRows(
    manager,
    CHANGED,
    `WITH changed AS (
       UPDATE ${kind.table} SET ${[`last_seq = last_seq + ${countLines('$1')}`, ...assignments].join(', ')}
       WHERE ${which(bind)} RETURNING ${outbox ? '*' : 'id, attempt, last_seq'}
     ), logged AS (${insertLines(kind.table, '$1', payload)})${outbox ? `, ${outbox}` : ''}
     SELECT last_seq, pg_notify($2, id || ':' || last_seq) FROM changed`,
    parameters,
  );
  return rows.map(({ last_seq }) => last_seq);
}

/** SQL that sets these columns of an entity. */
export function columnsOf<R extends Work>(
  manager: EntityManager,
  entity: new () => R,
  set: object,
  bind: Bind,
): string[] {
  const { columns } = manager.connection.getMetadata(entity);
  return Object.entries(set)
    .filter(([, value]) => value !== undefined)
    .map(([property, value]) => {
      const column = columns.find(({ propertyName }) => propertyName === property);
      if (!column) throw new Error(`${entity.name} has no column ${property}.`);
      return `${column.databaseName} = ${bind(isJson(column) && value !== null ? JSON.stringify(value) : value)}`;
    });
}

function isJson({ type }: ColumnMetadata): boolean {
  return type === 'json' || type === 'jsonb';
}

/** In the transaction there is, or one of its own. */
function inTransaction<T>(manager: EntityManager, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work);
}

/** What a state means for the row. */
function stateColumns(kind: LoggedKind, from: string, to: string, bind: Bind, message?: string): string[] {
  const columns = [`state = ${bind(to)}`];
  if (to === 'RUNNING') {
    columns.push('attempt = attempt + 1', 'started_at = COALESCE(started_at, now())');
    columns.push('heartbeat_at = clock_timestamp()');
    return columns;
  }
  columns.push('heartbeat_at = NULL');
  if (to === 'QUEUED' && kind.final.includes(from)) {
    columns.push('error = NULL', 'cancel_requested = false', 'started_at = NULL', 'finished_at = NULL', 'waits = 0');
    columns.push(`attempt_limit = attempt + ${MAX_ATTEMPTS}`);
  }
  if (to !== 'QUEUED') columns.push('finished_at = COALESCE(finished_at, clock_timestamp())');
  if (to === 'FAILED') columns.push(`error = ${bind(message ?? null)}`);
  return columns;
}

/** Waits that are counted at most; the next one is as long as the last one by then. */
const MAX_WAITS = 100;

function waitColumns({ reason, ms }: Wait, bind: Bind): string[] {
  return [
    `not_before = clock_timestamp() + make_interval(secs => ${bind(ms / 1000)})`,
    `waiting_reason = ${bind(reason)}`,
    `waits = least(waits + 1, ${MAX_WAITS})`,
  ];
}
