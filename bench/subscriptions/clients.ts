import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What the parent asks of a process of clients. */
export interface ClientOrder {
  url: string;
  token: string;
  /** Global ids; each is subscribed to by `each` sockets that read and `idle` ones that stop reading. */
  generations: string[];
  each: number;
  idle: number;
}

/** What a process of clients has seen. */
export interface ClientReport {
  subscribers: number;
  events: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  /** Event's time to arrival of the events that came live, ms. */
  latencies: number[];
  /** Sockets that stopped reading, how they were closed (code -> number), and events lost or doubled over their two sockets. */
  idle: number;
  idleCodes: Record<string, number>;
  idleWrong: number;
}

const QUERY = `subscription ($id: ID!, $after: Int!) { generationProgress(id: $id, after: $after) { seq at __typename
  ... on GenerationStepProgress { step steps fraction } ... on GenerationSliceCompleted { completed slice { index previewUrl } } } }`;

/** Sockets opened at a time. */
const OPENING = 25;

process.once('message', (order: ClientOrder) => void run(order));

async function run({ url, token, generations, each, idle }: ClientOrder): Promise<void> {
  const report: ClientReport = {
    subscribers: generations.length * each,
    events: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    latencies: [],
    idle: generations.length * idle,
    idleCodes: {},
    idleWrong: 0,
  };
  const target = { url, token };
  const logs: Promise<void>[] = [];
  const followers = generations.flatMap((id) => [
    ...Array.from({ length: each }, () => () => follow(target, id, 0)),
    ...Array.from({ length: idle }, () => () => followIdly(target, id, report)),
  ]);
  for (let at = 0; at < followers.length; at += OPENING) {
    const opened = followers.slice(at, at + OPENING).map((start) => start());
    await Promise.all(opened.map(({ ready }) => ready));
    for (const { done, counts } of opened) logs.push(done.then((seen) => (counts ? count(seen, report) : undefined)));
  }
  process.send!('subscribed');
  await Promise.all(logs);
  process.send!(report);
  process.disconnect();
}

interface Seen {
  seq: number;
  latency: number;
}

interface Follower {
  ready: Promise<unknown>;
  done: Promise<Seen[]>;
  counts: boolean;
}

function follow(
  { url, token }: { url: string; token: string },
  id: string,
  after: number,
): Follower & { socket: WebSocket; seen: Seen[] } {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<Seen[]>();
  const seen: Seen[] = [];
  socket.on('open', () =>
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
  );
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(String(data)) as {
      type: string;
      payload?: { data?: { generationProgress: { seq: number; at: string } } };
    };
    if (message.type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY, variables: { id, after } } }));
      return ready.resolve();
    }
    if (message.type === 'next') {
      const { seq, at } = message.payload!.data!.generationProgress;
      seen.push({ seq, latency: Date.now() - Date.parse(at) });
      return;
    }
    if (message.type === 'complete') socket.close();
    if (message.type === 'error') console.error(String(data));
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ready.resolve();
    done.resolve(seen);
  });
  return { ready: ready.promise, done: done.promise, counts: true, socket, seen };
}

/** Reads a little, stops reading until the server has had enough, and resumes from its last seq on a new socket. */
function followIdly(target: { url: string; token: string }, id: string, report: ClientReport): Follower {
  const first = follow(target, id, 0);
  const whole = async (): Promise<Seen[]> => {
    await first.ready;
    while (first.seen.length < 3) await delay(50);
    const closed = new Promise<number>((resolve) => first.socket.once('close', resolve));
    first.socket.pause();
    // What the server does meanwhile is the point: it pings, waits, and gives up.
    await delay(25_000);
    first.socket.resume();
    const code = await closed;
    report.idleCodes[code] = (report.idleCodes[code] ?? 0) + 1;
    const again = follow(target, id, first.seen.at(-1)!.seq);
    const seen = [...first.seen, ...(await again.done)];
    const wrong = seen.filter(({ seq }, index) => seq !== index + 1).length;
    report.idleWrong += wrong;
    return seen;
  };
  return { ready: first.ready, done: whole(), counts: false };
}

function count(seen: readonly Seen[], report: ClientReport): void {
  const numbers = seen.map(({ seq }) => seq);
  const distinct = new Set(numbers);
  const last = Math.max(...numbers);
  report.events += numbers.length;
  report.lost += last - distinct.size;
  report.doubled += numbers.length - distinct.size;
  report.outOfOrder += numbers.filter((seq, index) => index > 0 && seq < numbers[index - 1]!).length;
  // The log's first lines were there before anybody subscribed.
  for (const { seq, latency } of seen) if (seq > 2) report.latencies.push(latency);
}
