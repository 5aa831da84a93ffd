import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { databaseFault } from '../../src/entities/index.js';

/** What a generation has left in the database, as one row. */
interface Left {
  state: string;
  error: string | null;
  last_seq: number;
  seqs: number[];
  announced: number[];
  completed: number;
  successes: number;
  slices: number[];
  series: number;
  slice_count: number;
  volume: string | null;
}

/**
 * Looks for anything lost or done twice in a generation that was to succeed.
 *
 * @param received what a subscriber who came back after each interruption was sent
 * @param volume digest of the NIfTI that the same request gives undisturbed
 * @returns one sentence per fault
 */
export async function faultsOf(
  dataSource: DataSource,
  id: string,
  { received, volume }: { received: readonly { seq: number }[]; volume: string },
): Promise<string[]> {
  const [left] = (await onceThere(() =>
    dataSource.query(
      `SELECT g.state, g.error, g.last_seq, g.slice_count,
       ARRAY(SELECT seq FROM generation_event e WHERE e.generation_id = g.id ORDER BY seq) AS seqs,
       ARRAY(SELECT (payload->'slice'->>'index')::integer FROM generation_event e
             WHERE e.generation_id = g.id AND type = 'SLICE_COMPLETED' ORDER BY 1) AS announced,
       (SELECT count(*)::integer FROM generation_event e WHERE e.generation_id = g.id AND type = 'COMPLETED') AS completed,
       (SELECT count(*)::integer FROM generation_event e
        WHERE e.generation_id = g.id AND type = 'STATE_CHANGED' AND payload->>'state' = 'SUCCEEDED') AS successes,
       ARRAY(SELECT index::integer FROM generation_slice s WHERE s.generation_id = g.id ORDER BY 1) AS slices,
       (SELECT count(*)::integer FROM mri_series m WHERE m.generation_id = g.id) AS series,
       (SELECT max(a.sha256) FROM mri_series m JOIN asset a ON a.id = m.asset_id WHERE m.generation_id = g.id) AS volume
     FROM generation g WHERE g.id = $1`,
      [id],
    ),
  )) as Left[];
  if (!left) return [`generation ${id} is gone`];
  const faults: string[] = [];
  const expect = (holds: boolean, sentence: string) => holds || faults.push(`generation ${id} ${sentence}`);
  const seqs = upTo(left.last_seq).map((index) => index + 1);
  const indices = upTo(left.slice_count);
  expect(left.state === 'SUCCEEDED', `is ${left.state}${left.error ? `: ${left.error}` : ''}`);
  expect(
    equal(left.seqs, seqs),
    `has the events ${left.seqs.join(' ')} and says that the last one is ${left.last_seq}`,
  );
  expect(equal(left.slices, indices), `has the slices ${left.slices.join(' ')}`);
  expect(equal(left.announced, indices), `announced the slices ${left.announced.join(' ')}`);
  expect(left.completed === 1 && left.successes === 1, `ended ${left.completed} and ${left.successes} times`);
  expect(left.series === 1, `has ${left.series} series`);
  expect(left.volume === volume, 'has another volume than the undisturbed one');
  const heard = received.map(({ seq }) => seq);
  expect(equal(heard, seqs), `was heard as ${heard.join(' ')}`);
  return faults;
}

/** What is wrong with all generations together when all should be over: some that go on, or more or fewer than were asked for. */
export async function leftovers(dataSource: DataSource, asked: number): Promise<string[]> {
  const [row] = (await dataSource.query('SELECT count(*)::integer AS made FROM generation')) as { made: number }[];
  const made = row!.made === asked ? [] : [`${row!.made} generations were made for ${asked} requests`];
  const open = (await dataSource.query(`SELECT id, state FROM generation WHERE state IN ('QUEUED', 'RUNNING')`)) as {
    id: string;
    state: string;
  }[];
  return [...made, ...open.map(({ id, state }) => `generation ${id} is still ${state}`)];
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** What a database answers once it is there: a generation may be done before the database that was struck is back. */
async function onceThere<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + 30_000; ; await delay(100)) {
    try {
      return await ask();
    } catch (error) {
      if (databaseFault(error)?.kind !== 'AWAY' || performance.now() > until) throw error;
    }
  }
}
