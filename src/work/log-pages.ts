import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { queryRows } from '../entities/index.js';
import { channelOf, type LoggedKind } from './states.js';
import type { LogPage, LogSource } from './log.js';

/** One line of a log as it lies in the database. */
export interface LogRow {
  seq: number;
  at: Date;
  type: string;
  payload: unknown;
}

/** Where the logs of a kind come from: its lines lie in `<table>_event` under `<table>_id`. */
export function logOf<E extends { seq: number }>(
  dataSource: DataSource,
  kind: LoggedKind,
  line: (id: string, row: LogRow) => E,
): LogSource<E> {
  return {
    channel: channelOf(kind),
    read: (id, after) => readLogPage(dataSource, kind, id, after, (row) => line(id, row)),
  };
}

/**
 * The statement's part that writes lines into a log, numbered without a gap. Beside it stands `changed`, with the `id` and the
 * `last_seq` of each subject that was changed, counted on by as many.
 *
 * @param lines parameter with the lines, a JSON list of { type, payload }
 * @param payload what of `line.event` is written
 */
export function insertLines(table: string, lines: string, payload = `line.event->'payload'`): string {
  return `INSERT INTO ${table}_event (${table}_id, seq, type, payload, at)
    SELECT changed.id, changed.last_seq - ${countLines(lines)} + line.place, line.event->>'type', ${payload}, clock_timestamp()
    FROM changed, jsonb_array_elements(${lines}::jsonb) WITH ORDINALITY AS line (event, place)`;
}

/** By how much these lines count `last_seq` on. */
export function countLines(lines: string): string {
  return `jsonb_array_length(${lines}::jsonb)`;
}

/** Lines read at once: what a subscriber that is far behind holds in memory. */
const LOG_PAGE = 500;

/**
 * The next lines of a log after `after`, at most 500; one snapshot of the database.
 *
 * @throws UserError NOT_FOUND
 */
async function readLogPage<E extends { seq: number }>(
  dataSource: DataSource,
  { table, name, final }: Pick<LoggedKind, 'table' | 'name' | 'final'>,
  id: string,
  after: number,
  line: (row: LogRow) => E,
): Promise<LogPage<E>> {
  const rows = await queryRows(
    dataSource,
    LINE,
    `SELECT subject.state, subject.last_seq, event.seq, event.type, event.payload, event.at
     FROM ${table} subject LEFT JOIN LATERAL (
       SELECT * FROM ${table}_event WHERE ${table}_id = subject.id AND seq > $2 ORDER BY seq LIMIT $3
     ) event ON true
     WHERE subject.id = $1 ORDER BY event.seq`,
    [id, after, LOG_PAGE],
  );
  const first = rows[0];
  if (!first) throw new UserError('NOT_FOUND', `There is no such ${name}.`);
  const events = rows.flatMap(({ seq, at, type, payload }) =>
    seq === null || at === null || type === null ? [] : line({ seq, at, type, payload }),
  );
  const last = events.at(-1)?.seq ?? after;
  return { events, ended: final.includes(first.state) && last >= first.last_seq };
}

/** A line beside its subject, or a subject without a further line. */
const LINE = z.object({
  state: z.string(),
  last_seq: z.number(),
  seq: z.number().nullable(),
  at: z.instanceof(Date).nullable(),
  type: z.string().nullable(),
  payload: z.unknown(),
});
