import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What the parent asks of a process of clients. */
export interface ClientOrder {
  url: string;
  token: string;
  /** Global ids; each is subscribed to by `each` sockets that read, and by one that misbehaves where that is asked for. */
  generations: string[];
  each: number;
  misbehaviour?: Misbehaviour | undefined;
}

/** STALL reads a little, stops reading for 25 s and resumes; BREAK is cut off without a word every two seconds and resumes. */
export type Misbehaviour = 'STALL' | 'BREAK';

/** What a process of clients has seen. */
export interface ClientReport {
  /** Of sockets that read. */
  events: number;
  /** Over all sockets that followed a log in turn, those that misbehave included. */
  lost: number;
  doubled: number;
  outOfOrder: number;
  /** Event's time to arrival of the events that came live to sockets that read, ms. */
  latencies: number[];
  /** How sockets were closed before the log's end (code -> number). */
  codes: Record<string, number>;
}

const QUERY = `subscription ($id: ID!, $after: Int!) { generationProgress(id: $id, after: $after) { seq at __typename
  ... on GenerationStepProgress { step steps fraction } ... on GenerationSliceCompleted { completed slice { index previewUrl } } } }`;

/** Sockets opened at a time. */
const OPENING = 25;

process.once('message', (order: ClientOrder) => void run(order));

async function run({ url, token, generations, each, misbehaviour }: ClientOrder): Promise<void> {
  const report: ClientReport = { events: 0, lost: 0, doubled: 0, outOfOrder: 0, latencies: [], codes: {} };
  const target = { url, token };
  const logs: Promise<void>[] = [];
  const followers = generations.flatMap((id) => [
    ...Array.from({ length: each }, () => () => followToEnd(target, id, report)),
    ...(misbehaviour ? [() => followToEnd(target, id, report, misbehaviour)] : []),
  ]);
  for (let at = 0; at < followers.length; at += OPENING) {
    const opened = followers.slice(at, at + OPENING).map((start) => start());
    await Promise.all(opened.map(({ ready }) => ready));
    logs.push(...opened.map(({ over }) => over));
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

/** A subscription on one socket. */
interface Follower {
  socket: WebSocket;
  /** Events so far. */
  seen: Seen[];
  /** When it has subscribed, or could not. */
  ready: Promise<unknown>;
  /** When the socket is closed: its code. */
  closed: Promise<number>;
  /** Whether the log has ended. */
  isOver(): boolean;
}

function follow({ url, token }: { url: string; token: string }, id: string, after: number): Follower {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  const seen: Seen[] = [];
  let isOver = false;
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
    if (message.type === 'complete') {
      isOver = true;
      socket.close();
    }
    if (message.type === 'error') console.error(String(data));
  });
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    ready.resolve();
    closed.resolve(code);
  });
  return { socket, seen, ready: ready.promise, closed: closed.promise, isOver: () => isOver };
}

/** Follows a log to its end over as many sockets as it takes, each from the last seq of the one before. */
function followToEnd(
  target: { url: string; token: string },
  id: string,
  report: ClientReport,
  misbehaviour?: Misbehaviour,
): { ready: Promise<unknown>; over: Promise<void> } {
  const first = follow(target, id, 0);
  const toEnd = async () => {
    const seen: Seen[] = [];
    for (let current = first; ; current = follow(target, id, seen.at(-1)?.seq ?? 0)) {
      await current.ready;
      if (misbehaviour === 'BREAK') await breakOff(current);
      if (misbehaviour === 'STALL' && current === first) await stall(current);
      const code = await current.closed;
      seen.push(...current.seen);
      if (current.isOver()) break;
      report.codes[code] = (report.codes[code] ?? 0) + 1;
    }
    count(seen, report, { reads: !misbehaviour });
  };
  return { ready: first.ready, over: toEnd() };
}

async function stall({ socket, seen }: Follower): Promise<void> {
  while (seen.length < 3 && socket.readyState === WebSocket.OPEN) await delay(50);
  socket.pause();
  // What the server does meanwhile is the point: it pings, waits, and gives up.
  await delay(25_000);
  socket.resume();
}

async function breakOff({ socket, closed }: Follower): Promise<void> {
  await Promise.race([closed, delay(1_000 + 2_000 * Math.random())]);
  socket.terminate();
}

function count(seen: readonly Seen[], report: ClientReport, { reads }: { reads: boolean }): void {
  const numbers = seen.map(({ seq }) => seq);
  const distinct = new Set(numbers);
  report.lost += Math.max(...numbers) - distinct.size;
  report.doubled += numbers.length - distinct.size;
  report.outOfOrder += numbers.filter((seq, index) => index > 0 && seq < numbers[index - 1]!).length;
  if (!reads) return;
  report.events += numbers.length;
  // The log's first lines were there before anybody subscribed.
  for (const { seq, latency } of seen) if (seq > 2) report.latencies.push(latency);
}
