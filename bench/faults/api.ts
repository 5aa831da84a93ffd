import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { decodeId, encodeId } from '../../src/domain/global-ids.js';
import { compiledModule } from '../../src/domain/package.js';
import { createToken } from '../../src/services/access/tokens.js';
import { freePort } from './free-port.js';
import { type Asked, REQUEST, type Stage } from './stage.js';

/** `osteograph serve` that can be killed and started again at its address. */
export interface KillableApi {
  kill(): Promise<void>;
  /** Asks for a generation over HTTP and follows it over WebSocket, again and again until the API is there. */
  ask(seed: number): Promise<Asked>;
  close(): void;
}

export async function startApi({ dataSource, dataDir, url, queueUrl, examId }: Stage): Promise<KillableApi> {
  const port = await freePort();
  const { text: token } = await createToken(dataSource, { name: 'faults', role: 'OPERATOR' });
  const start = () => startServe(dataDir, { DATABASE_URL: url, ...(queueUrl ? { QUEUE_URL: queueUrl } : {}) }, port);
  let serve = await start();
  let asked = 0;
  return {
    async kill() {
      serve.kill('SIGKILL');
      serve = await start();
    },
    async ask(seed) {
      const input = { examId: encodeId('KneeExam', examId), ...REQUEST, seed, clientKey: `faults ${asked++}` };
      const id = await untilAnswered(port, token, input);
      return { id: String(decodeId(id)!.key), seed, received: follow(port, token, id) };
    },
    close: () => void serve.kill('SIGKILL'),
  };
}

async function startServe(dataDir: string, urls: NodeJS.ProcessEnv, port: number): Promise<ChildProcess> {
  const args = ['serve', '--no-worker', '--port', String(port), '--data-dir', dataDir, '--models', `${dataDir}/models`];
  const child = spawn(process.execPath, [compiledModule('cli/main'), ...args], {
    env: { ...process.env, ...urls, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    if (!line.includes('http://')) continue;
    child.stdout!.resume();
    return child;
  }
  throw new Error('The server ended before it had an address.');
}

/** The id of the generation; asked for with one key until somebody answers. */
async function untilAnswered(port: number, token: string, input: object): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          query: 'mutation Ask($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
          variables: { input },
        }),
      });
      const { data } = (await response.json()) as { data?: { generateMri: { generation: { id: string } } } | null };
      if (data) return data.generateMri.generation.id;
    } catch {
      // It is being killed or started.
    }
    await delay(50);
  }
}

async function follow(port: number, token: string, id: string): Promise<{ seq: number }[]> {
  const events: { seq: number }[] = [];
  for (;;) {
    const client = createClient({
      url: `ws://127.0.0.1:${port}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    try {
      await new Promise<void>((resolve, reject) =>
        client.subscribe<{ generationProgress: { seq: number } }>(
          {
            query: 'subscription Follow($id: ID!, $after: Int!) { generationProgress(id: $id, after: $after) { seq } }',
            variables: { id, after: events.at(-1)?.seq ?? 0 },
          },
          {
            next: ({ data }) => void (data && events.push(data.generationProgress)),
            error: reject,
            complete: resolve,
          },
        ),
      );
      return events;
    } catch {
      await delay(50);
    } finally {
      await client.dispose();
    }
  }
}
