import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/domain/package.js';
import { Generation, GenerationSlice } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type GenerationRequest, requestGeneration } from '../../src/services/generations/index.js';
import { listWorkers } from '../../src/scheduling/workers.js';
import { collect, upTo, waitForEvent } from '../helpers/events.js';
import { canMakeNetworks, makeNetwork, type TestNetwork } from '../helpers/network.js';
import { startOpenPostgres } from '../helpers/open-postgres.js';
import { createExam, silent, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';
import { startWorkerProcess, type WorkerProcess } from '../helpers/worker-process.js';

if (!canMakeNetworks) console.info('Hosts are not cut off: network namespaces need Linux, root and iproute2.');

(canMakeNetworks ? describe.each(QUEUE_BACKENDS) : describe.skip.each(QUEUE_BACKENDS))(
  'hosts with the queue on %s',
  (backend) => {
    let network: TestNetwork;
    let platform: TestPlatform;
    let hub: EventHub;

    beforeAll(async () => {
      network = makeNetwork(['a', 'b']);
      const { address } = network;
      platform = await createPlatformOn(backend, { address, database: await startOpenPostgres(address) });
      hub = await openEventHub({ dataSource: platform.dataSource, databaseUrl: platform.url, logger: silent });
    });
    afterAll(async () => {
      await hub.close();
      await platform.close();
      network.remove();
    });

    async function request(changes: Partial<GenerationRequest> = {}): Promise<string> {
      const { exam } = await createExam(platform);
      const asked = { examId: exam.id, sliceCount: 30, steps: 40, seed: 3, ...changes };
      return (await requestGeneration(platform, { tokenId: null }, asked)).id;
    }

    const startOn = (host: string): Promise<WorkerProcess> => startWorkerProcess(platform, { on: network.on(host) });

    const find = (id: string) => platform.dataSource.manager.findOneByOrFail(Generation, { id });

    it('a host that is cut off in the middle loses its generation to another, changes nothing later, and works again', async () => {
      const a = await startOn('a');
      let b: WorkerProcess | undefined;
      try {
        const id = await request({ steps: 80 });
        const subscription = collect(hub.subscribe(id, 0));
        await waitForEvent(hub, id, ({ type }) => type === 'SLICE_COMPLETED');
        const [entry] = await listWorkers(platform.dataSource);
        network.cut('a');
        b = await startOn('b');

        const events = await subscription;
        expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
        expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', attempt: 2 } });
        const announced = events.flatMap((event) =>
          event.type === 'SLICE_COMPLETED' ? [event.payload.slice.index] : [],
        );
        expect(announced).toEqual(upTo(30).map((n) => n - 1));

        network.heal('a');
        await until(async () => {
          const again = (await listWorkers(platform.dataSource)).find(({ name }) => name === entry!.name)!;
          return again.seenAt > events.at(-1)!.at && again.state === 'READY' && again.slots[0]!.generationId === null;
        });
        expect((await find(id)).lastSeq).toBe(events.length);
        expect(await platform.dataSource.manager.countBy(GenerationSlice, { generationId: id })).toBe(30);

        b.kill('SIGTERM');
        expect(await b.ended()).toEqual({ code: 0, signal: null });
        const next = await request({ sliceCount: 2, steps: 1 });
        await collect(hub.subscribe(next, 0));
        expect(await find(next)).toMatchObject({ state: 'SUCCEEDED', worker: entry!.name });
      } finally {
        await b?.dispose();
        await a.dispose();
      }
    });

    (backend === 'PostgreSQL' ? it : it.skip)(
      'PostgreSQL lets go of what a host had locked when it was cut off, and the host gives up waiting for an answer',
      async () => {
        const { exam } = await createExam(platform);
        const lossy = { dataSource: platform.dataSource, queue: { enqueue: () => Promise.resolve() } };
        const { id } = await requestGeneration(lossy, { tokenId: null }, { examId: exam.id });
        const script = [join(packageRoot, 'test/helpers/cut-off-client.js'), platform.url, id];
        const [program, ...args] = [...network.on('a'), process.execPath, ...script];
        const client = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
        expect((await lines.next()).value).toBe('locked');
        network.cut('a');
        try {
          client.stdin.write('ask\n');
          // Waits for the lock, which nobody gives back.
          await platform.dataSource.query('UPDATE generation SET cancel_requested = true WHERE id = $1', [id]);
          expect((await lines.next()).value).toBe('PostgreSQL has not answered for 6 s.');
        } finally {
          network.heal('a');
          client.kill('SIGKILL');
        }
      },
    );
  },
);

/** Asks until the answer is yes. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 50));
}
