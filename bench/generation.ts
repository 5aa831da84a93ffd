import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sameNetworks } from './generation/same-networks.js';
import { shippedBundle } from './generation/shipped.js';
import { report } from './report.js';

/**
 * What generation costs on the cpu. Networks of the demo's size against PyTorch with the same weights, steps and threads, a
 * denoiser step against the machine's measured convolution peak, batch sizes; the newest shipped bundle by the clock, its parts,
 * memory, and other precisions. PyTorch is looked for in `OSTEOGRAPH_PYTHON` (default python3); without it only the shipped
 * bundle's own figures are printed.
 */
export async function run(options: { json: boolean }): Promise<void> {
  const threads = availableParallelism();
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-'));
  try {
    report([...(await sameNetworks(folder, threads)), ...(await shippedBundle(folder, threads))], options);
  } finally {
    await rm(folder, { recursive: true });
  }
}
