import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/domain/package.js';
import { listBundles, parseDevice, readBundleFor, startInferenceHost, xraySize } from '../src/inference/index.js';
import type { InferenceHost, VolumeSummary } from '../src/inference/index.js';
import { median } from '../src/metrics/statistics/quantile.js';
import { type Figure, report } from './report.js';

/** Slices that run through the graphs together. */
const ROWS = [1, 2, 4, 5, 10, 20] as const;

/** What a volume of 50 slices runs in; the others are compared with it. */
const USUAL_ROWS = 10;

const STEPS = 10;
const ROUNDS = 9;

/**
 * What a slice costs by the number of slices that run together: whether slices of several generations should share a batch.
 * Every round runs each size once, so that what else the machine does falls on all of them; the time of the cores (Linux
 * tells) is not touched by it. `OSTEOGRAPH_DEVICE` (default cpu) says where, `OSTEOGRAPH_BUNDLE` which bundle's folder.
 */
export async function run(options: { json: boolean }): Promise<void> {
  const bundleDir = process.env['OSTEOGRAPH_BUNDLE'] ?? (await newestBundle());
  const device = parseDevice(process.env['OSTEOGRAPH_DEVICE'] ?? 'cpu');
  const host = await startInferenceHost({ device, threads: availableParallelism(), niceness: 0 });
  const wall = new Map<number, number[]>(ROWS.map((rows) => [rows, []]));
  const cores = new Map<number, number[]>(ROWS.map((rows) => [rows, []]));
  try {
    for (const rows of ROWS) await runBatch(host, bundleDir, rows);
    for (let round = 0; round < ROUNDS; round++) {
      for (const rows of ROWS) {
        const before = await cpuSeconds(host.pid!);
        const { durationMs } = await runBatch(host, bundleDir, rows);
        wall.get(rows)!.push(durationMs / rows);
        cores.get(rows)!.push((1000 * ((await cpuSeconds(host.pid!)) - before)) / rows);
      }
    }
  } finally {
    await host.close();
  }
  report([...figures('time', wall), ...figures('time of the cores', cores)], options);
}

/** Milliseconds per slice, and the ratio to the usual batch, round by round. */
function figures(what: string, times: ReadonlyMap<number, readonly number[]>): Figure[] {
  const usual = times.get(USUAL_ROWS)!;
  return ROWS.flatMap((rows): Figure[] => {
    const own = times.get(rows)!;
    const ratio = median(own.map((time, round) => time / usual[round]!));
    return [
      {
        name: `${what} per slice of ${STEPS} steps, ${rows} together`,
        value: median(own),
        unit: 'ms',
        better: 'lower',
      },
      { name: `the same / ${USUAL_ROWS} together`, value: ratio, unit: '', better: 'lower' },
    ];
  });
}

/** One batch of `rows` rows, decoded; there is no volume of one slice, so that one leaves out its second. */
async function runBatch(host: InferenceHost, bundleDir: string, rows: number): Promise<VolumeSummary> {
  const { rows: xrayRows, columns, channels } = xraySize((await readBundleFor(bundleDir, 'xray-to-mri')).manifest);
  const xray = new Float32Array(channels * xrayRows * columns);
  const request = { bundleDir, xray, grades: {}, seed: 7, noise: 'SHARED' } as const;
  const skip = rows === 1 ? [1] : [];
  return host.run('xray-to-mri', { ...request, sliceCount: Math.max(rows, 2), batchSize: rows, steps: STEPS, skip });
}

/** Time that the cores have given to a process. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function newestBundle(): Promise<string> {
  const listings = await listBundles(join(packageRoot, 'models'));
  const bundles = listings.flatMap((listing) => ('bundle' in listing ? [listing.bundle] : []));
  const newest = bundles.findLast(({ manifest }) => manifest.task === 'xray-to-mri');
  if (!newest) throw new Error('No bundle is shipped.');
  return newest.dir;
}
