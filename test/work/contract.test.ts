import { type CuttableProxy, startProxy } from '../../bench/faults/proxy.js';
import { connect } from '../../src/server/database/index.js';
import { KINDS } from '../../src/server/kinds.js';
import { EXPORT } from '../../src/services/exports/index.js';
import {
  advance,
  type EventLogs,
  logOf,
  type LogRow,
  openEventLogs,
  type RacePoint,
  startRunner,
  TIMINGS,
  watchPoints,
} from '../../src/work/index.js';
import { upTo } from '../helpers/events.js';
import { createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';
import { damage, type Host, makeSubjects, type Process, type Subject } from '../helpers/work-subjects.js';
import { awayAtTimes, fallSilent, rowOf, stateOf } from '../helpers/work-rows.js';
import { OUTCOMES } from './outcomes.js';

const AWAY_MS = 3_000;

const timings = { ...TIMINGS, heartbeat: 200, firstWait: 200, lastWait: 1_000, poll: 200 };

let platform: TestPlatform;
let proxy: CuttableProxy;
let host: Host;
let subjects: Record<string, Subject>;
let logs: { of: Record<string, EventLogs<LogRow>>; close(): Promise<void> };
let storeIsAway = false;
const processes: Process[] = [];
const watches: (() => void)[] = [];
const seen: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  platform = await createTestPlatform();
  const url = new URL(platform.url);
  proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  const dataSource = await connect(url.href);
  host = {
    platform,
    dataSource,
    databaseUrl: url.href,
    store: awayAtTimes(platform.store, () => storeIsAway),
    timings,
  };
  const sources = Object.fromEntries(
    KINDS.kinds.map((kind) => [kind.table, logOf(platform.dataSource, kind, (_, row) => row)]),
  );
  const opened = await openEventLogs({ databaseUrl: platform.url, logger: silent, sources });
  logs = { of: opened.logs, close: () => opened.close() };
  subjects = await makeSubjects(platform);
});

afterEach(async () => {
  for (const end of watches.splice(0)) end();
  storeIsAway = false;
  for (const process of processes.splice(0)) await process.close();
});

afterAll(async () => {
  console.table(seen);
  await logs.close();
  await host.dataSource.destroy();
  await proxy.close();
  await platform.close();
});

/** Tasks whose work is a generation, too, and does something of its own. */
const TASKS = ['restoration', 'progression'];
const kinds = [...KINDS.kinds.map(({ table }) => table), ...TASKS];

describe.each(kinds)('work of the kind %s', (table) => {
  /** The kind whose log it has. */
  const logged = TASKS.includes(table) ? 'generation' : table;
  let subject: Subject;
  let id: string;

  beforeEach(async () => {
    subject = subjects[table]!;
    id = await subject.enter();
  });

  async function start(): Promise<Process> {
    const process = await subject.start(host);
    processes.push(process);
    return process;
  }

  /** Waits for a line of the log that says one of these states, and returns the log so far. */
  async function until(...states: string[]): Promise<LogRow[]> {
    const lines: LogRow[] = [];
    for await (const line of logs.of[logged]!.subscribe(id, 0)) {
      lines.push(line);
      if (states.includes(stateOf(line) ?? '')) break;
    }
    return lines;
  }

  /** Compares what became of it, and its log, with the table. */
  async function settled(fault: string): Promise<LogRow[]> {
    const lines = await until('SUCCEEDED', 'OPEN', 'FAILED', 'CANCELED', 'CLOSED');
    const run = await subject.run(id);
    const { attempt, attemptLimit } = await rowOf(platform, run);
    const outcome = `${await subject.state(id)} ${attempt - (attemptLimit - 5)}`;
    (seen[fault] ??= {})[table] = outcome;
    expect(lines.map(({ seq }) => seq)).toEqual(upTo(lines.length));
    expect({ [table]: outcome }).toEqual({ [table]: OUTCOMES[fault]![table] });
    return lines;
  }

  it('its process is killed', async () => {
    if (subject.spawn) id = await subject.enter(true);
    const { kind, id: key } = await subject.run(id);
    if (subject.spawn) {
      const process = await subject.spawn();
      await until('RUNNING');
      process.kill('SIGKILL');
      await process.ended();
    } else {
      // As a server leaves it that claims it and dies.
      const waiting = { id: key, state: 'QUEUED', attempt: 0 };
      await advance(platform.dataSource.manager, kind, waiting, { to: 'RUNNING' });
    }
    await fallSilent(platform, kind.table, key);
    await start();
    await settled('its process is killed');
  });

  it('another attempt has begun meanwhile', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    await start();
    await held.reached;
    const { manager } = platform.dataSource;
    await advance(manager, kind, { id: key, state: 'RUNNING', attempt: 1 }, { to: 'QUEUED' });
    await advance(manager, kind, { id: key, state: 'QUEUED', attempt: 1 }, { to: 'RUNNING' });
    const { lastSeq } = await rowOf(platform, { kind, id: key });
    const over = hold('recover', kind.table, key);
    held.release();
    await fallSilent(platform, kind.table, key);
    // The attempt that is over has ended by now, and has changed nothing.
    await over.reached;
    expect(await rowOf(platform, { kind, id: key })).toMatchObject({ state: 'RUNNING', attempt: 2, lastSeq });
    over.release();
    await settled('another attempt has begun meanwhile');
  });

  it('canceled while it waits', async () => {
    await subject.cancel(id);
    await start();
    await settled('canceled while it waits');
  });

  it('canceled while it runs', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    await start();
    await held.reached;
    await subject.cancel(id);
    held.release();
    await settled('canceled while it runs');
  });

  it('canceled while it runs, and nobody is notified', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    await start();
    await held.reached;
    await platform.dataSource.query(`UPDATE ${kind.table} SET cancel_requested = true WHERE id = $1`, [key]);
    if (kind.cancels === 'AT_ONCE') await subject.cancel(id);
    if (table === 'batch')
      await platform.dataSource.query('UPDATE batch SET cancel_requested = true WHERE id = $1', [id]);
    // The next heartbeat tells.
    const heard = hold('heard', kind.table, key);
    await heard.reached;
    heard.release();
    held.release();
    await settled('canceled while it runs, and nobody is notified');
  });

  it('the blob store is away for 3 s', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    await start();
    await held.reached;
    const back = setTimeout(() => (storeIsAway = false), AWAY_MS);
    storeIsAway = true;
    if (!subject.input) {
      // It needs none, and does not wait for one.
      held.release();
      await settled('the blob store is away for 3 s');
      return clearTimeout(back);
    }
    const waiting = hold('claim', kind.table, key);
    held.release();
    await waitsOf(kind.table, key);
    expect(await rowOf(platform, { kind, id: key })).toMatchObject({
      state: 'QUEUED',
      waitingReason: 'The blob store cannot be used at the moment: The blob store does not answer.',
    });
    await waiting.reached;
    waiting.release();
    clearTimeout(back);
    const lines = await settled('the blob store is away for 3 s');
    if (logged === kind.table) expect(JSON.stringify(lines)).toContain('The blob store does not answer');
  });

  it('the database is away for 3 s', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    await start();
    await held.reached;
    proxy.refuse();
    held.release();
    await new Promise((done) => setTimeout(done, AWAY_MS));
    proxy.heal();
    await settled('the database is away for 3 s');
  });

  it('nobody is told that it waits', async () => {
    await start();
    await settled('nobody is told that it waits');
  });

  it('its process is told to stop', async () => {
    const { kind, id: key } = await subject.run(id);
    const held = hold('run', kind.table, key);
    const process = await start();
    await held.reached;
    const closing = process.close();
    held.release();
    await closing;
    expect(await rowOf(platform, { kind, id: key })).toMatchObject({ state: 'QUEUED', attempt: 1, attemptLimit: 6 });
    await start();
    await settled('its process is told to stop');
  });

  it('an error every time', async () => {
    const { kind, id: key } = await subject.run(id);
    watch((at) => {
      if (at.point === 'run' && at.table === kind.table && at.id === key) throw new Error('secret of the house');
    });
    await start();
    const lines = await settled('an error every time');
    const { error } = await rowOf(platform, { kind, id: key });
    expect(error).toBe('An unexpected error, which the log describes, stopped it on attempt 5, the last one allowed.');
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('its input is damaged', async () => {
    const repair = await (subject.spoil?.(id) ?? damage(platform, await subject.input!(id)));
    try {
      await start();
      const lines = await settled('its input is damaged');
      const { error } = await rowOf(platform, await subject.run(id));
      expect(error).toMatch(
        /^(The blob of (Radiograph|MRI series) \d+ is damaged: its sha256 differs|The volume of the MRI series \S+ is damaged in the blob store|The secret of webhook \d+ is damaged)\.$/,
      );
      expect(JSON.stringify(lines)).toContain(JSON.stringify(error).slice(1, -1));
    } finally {
      await repair();
    }
  });
});

test('every kind that is registered stands in the table, and nothing else does', () => {
  for (const outcomes of Object.values(OUTCOMES)) expect(Object.keys(outcomes).sort()).toEqual([...kinds].sort());
});

test('work of a kind that nobody has registered is not run', () => {
  const stranger = { ...EXPORT, name: 'stranger' };
  const options = { registry: KINDS, kind: stranger, dataSource: platform.dataSource, logger: silent };
  expect(() => startRunner({ ...options, resources: { store: platform.store } })).toThrow(
    'Nobody has registered the kind of work "stranger".',
  );
});

function watch(watcher: Parameters<typeof watchPoints>[0]): void {
  watches.push(watchPoints(watcher));
}

/** Holds the work when it comes to a point, once, until it is released. */
function hold(point: RacePoint, table: string, id: string): { reached: Promise<void>; release(): void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  watch((at) => {
    if (at.point !== point || at.table !== table || at.id !== id) return;
    reached.resolve();
    return released.promise;
  });
  watches.push(released.resolve);
  return { reached: reached.promise, release: released.resolve };
}

/** Waits until the work waits for something. */
async function waitsOf(table: string, id: string): Promise<void> {
  for await (const line of logs.of[table]!.subscribe(id, 0)) {
    if (stateOf(line) === 'QUEUED' && line.seq > 1) return;
  }
}
