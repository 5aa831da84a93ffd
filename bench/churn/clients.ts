import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What the parent asks of a process whose clients come and go. */
export interface ChurnOrder {
  url: string;
  token: string;
  /** Global ids. */
  generations: string[];
  /** Subscriptions to open. */
  opens: number;
}

/** What such a process has seen. */
export interface ChurnReport {
  opened: number;
  events: number;
  /** How sockets were closed by the server, or not let in (code -> number). */
  codes: Record<string, number>;
}

const SOCKETS = 40;
const EACH = 30;
const QUERY = 'subscription ($id: ID!) { generationProgress(id: $id, after: 0) { __typename seq } }';

process.on('message', (order: ChurnOrder) => void run(order).then((report) => process.send!(report)));

/** Opens forty sockets of thirty subscriptions each at once, and leaves in one of three ways soon after; again and again. */
async function run({ url, token, generations, opens }: ChurnOrder): Promise<ChurnReport> {
  const report: ChurnReport = { opened: 0, events: 0, codes: {} };
  while (report.opened < opens) {
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => open(url, token, report)));
    for (const socket of sockets) {
      for (let index = 0; index < EACH && socket.readyState === WebSocket.OPEN; index++) {
        const variables = { id: generations[index % generations.length] };
        socket.send(JSON.stringify({ id: `${index}`, type: 'subscribe', payload: { query: QUERY, variables } }));
        report.opened++;
      }
    }
    await delay(400);
    sockets.forEach(leave);
    await delay(150);
  }
  return report;
}

async function open(url: string, token: string, report: ChurnReport): Promise<WebSocket> {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  const ready = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const { type } = JSON.parse(String(data)) as { type: string };
    if (type === 'connection_ack') ready.resolve();
    if (type === 'next') report.events++;
  });
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    // 1005 and 1006 are what our own leaving looks like.
    if (code !== 1005 && code !== 1006) report.codes[code] = (report.codes[code] ?? 0) + 1;
    ready.resolve();
  });
  await once(socket, 'open').catch(() => undefined);
  if (socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  }
  await ready.promise;
  return socket;
}

/** Takes back what it asked for and closes, closes, or is gone without a word. */
function leave(socket: WebSocket, place: number): void {
  if (place % 2 === 1) {
    for (let index = 0; index < EACH; index++) socket.send(JSON.stringify({ id: `${index}`, type: 'complete' }));
    setTimeout(() => socket.close(), 50);
  } else if (place % 3 > 0) socket.terminate();
  else socket.close();
}
