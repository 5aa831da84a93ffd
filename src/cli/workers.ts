import { Command } from 'commander';
import { encodeId } from '../domain/global-ids.js';
import type { WorkerSlot } from '../domain/workers.js';
import type { Worker } from '../entities/index.js';
import { listWorkers } from '../scheduling/index.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';

/** `osteograph workers`: who computes, where, and what. */
export function workersCommand(): Command {
  return new Command('workers')
    .description('list the workers of the last day: state, devices, models, current work')
    .addOption(dataDirOption())
    .option('--json', 'one JSON object per line, for programs')
    .addHelpText(
      'after',
      `
A worker that has been silent for 15 s is GONE. "osteograph worker" starts one.

Examples:
  $ osteograph workers
  $ osteograph workers --json | grep -c '"state":"READY"'`,
    )
    .action(list);
}

async function list({ dataDir, json }: { dataDir: string; json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'workers', async ({ dataSource }) => {
    const workers = await listWorkers(dataSource);
    if (json) {
      for (const worker of workers) console.log(JSON.stringify({ ...worker, id: encodeId('Worker', worker.id) }));
    } else if (workers.length === 0) {
      console.log('No worker has been seen in the last day.');
    } else {
      for (const worker of workers) print(worker);
    }
  });
}

function print({ state, name, version, startedAt, seenAt, slots }: Worker): void {
  const seen = state === 'GONE' ? `, last seen ${seenAt.toISOString()}` : '';
  console.log(`${state.padEnd(8)}  ${name}  ${version}  since ${startedAt.toISOString()}${seen}`);
  if (state !== 'GONE') for (const slot of slots) console.log(`          ${describe(slot)}`);
}

function describe({ device, provider, bundle, generationId, fraction, generations, memory }: WorkerSlot): string {
  const where = provider === null || device.startsWith(provider) ? device : `${device} (${provider})`;
  const work = generationId ? `${encodeId('Generation', generationId)} ${Math.floor(100 * (fraction ?? 0))} %` : 'idle';
  const done = `${generations} done${memory > 0 ? `, ${Math.round(memory / 2 ** 20)} MiB` : ''}`;
  return `${where}  ${bundle ?? 'no model'}  ${work}  ${done}`;
}
