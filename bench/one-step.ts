import { availableParallelism } from 'node:os';
import { readBundleFor, startInferenceHost, xraySize } from '../src/inference/index.js';
import { processFigures } from './generation/process.js';
import { lower } from './generation/volumes.js';
import { report } from './report.js';

/**
 * What a bundle costs on the cpu, whatever its size: one slice with one denoiser step in our inference process. The bundle's
 * folder is in `OSTEOGRAPH_BUNDLE`. Memory is the process's high-water mark, loading included; Linux only.
 */
export async function run(options: { json: boolean }): Promise<void> {
  const bundleDir = process.env['OSTEOGRAPH_BUNDLE'];
  if (!bundleDir) throw new Error('Set OSTEOGRAPH_BUNDLE to the folder of the bundle to measure.');
  const threads = availableParallelism();
  const host = await startInferenceHost({ device: 'cpu', threads, niceness: 0 });
  try {
    const start = performance.now();
    await host.describe(bundleDir);
    const loading = (performance.now() - start) / 1000;
    const afterLoading = await processFigures(host.pid!);
    const images: Float32Array[] = [];
    const { rows, columns, channels } = xraySize((await readBundleFor(bundleDir, 'xray-to-mri')).manifest);
    const summary = await host.run(
      'xray-to-mri',
      {
        bundleDir,
        xray: new Float32Array(channels * rows * columns),
        grades: { XRKL: 2 },
        // A volume has two slices or more; only the first is computed.
        sliceCount: 2,
        skip: [1],
        batchSize: 1,
        steps: 1,
        seed: 7,
        noise: 'SHARED',
      },
      { onOutput: ({ image }) => void images.push(image) },
    );
    if (!images[0]?.every(Number.isFinite)) throw new Error('The slice is not made of finite numbers.');
    const afterStep = await processFigures(host.pid!);
    report(
      [
        lower('threads', threads, ''),
        lower('loading and checking, by the clock', loading, 's'),
        lower('loading and checking, processor time', afterLoading.processorSeconds, 's'),
        lower('radiograph encoder, once', summary.timings.encoder / 1000, 's'),
        lower('denoiser, one step of one slice', summary.timings.denoiser / 1000, 's'),
        lower('decoder, one slice', summary.timings.decoder / 1000, 's'),
        lower('the slice, processor time', afterStep.processorSeconds - afterLoading.processorSeconds, 's'),
        lower('memory, largest', afterStep.peakGigabytes, 'GB'),
      ],
      options,
    );
  } finally {
    await host.close();
  }
}
