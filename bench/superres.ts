import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { niftiHead } from '../src/imaging/nifti.js';
import { openSeries } from '../src/imaging/series/index.js';
import { fineSlices, planSuperres, superresLabel, writeFineSeries } from '../src/imaging/superres/index.js';
import { centredAffine } from '../src/imaging/volume.js';
import { chooseBundle } from '../src/cli/choose-bundle.js';
import { readBundleFor, startInferenceHost } from '../src/inference/index.js';
import { processFigures } from './generation/process.js';
import { lower } from './generation/volumes.js';
import { report } from './report.js';

/** Pixels a side of the series, which is made four times as fine, and how many slices it has by default. */
const [SIDE, SCALE, SLICES] = [376, 4, 500];

/** What a series of 500 slices of 1,504 x 1,504 pixels may take. */
const LIMIT_GB = 1.5;

/**
 * Memory and time of `osteograph superres` with the shipped bundle, from a NIfTI file to NIfTI and DICOM, of an invented series. The number of
 * slices may be given, since memory should not depend on it; memory is the high-water mark of both processes together. Linux only.
 */
export async function run(options: { json: boolean; args: string[] }): Promise<void> {
  const slices = Number(options.args[0] ?? SLICES);
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-bench-'));
  const host = await startInferenceHost({ device: 'cpu', niceness: 0 });
  try {
    const path = join(folder, 'series.nii');
    await writeInvented(path, slices);
    const bundleDir = await chooseBundle('models', undefined, 'mri-super-resolution');
    const { manifest } = await readBundleFor(bundleDir, 'mri-super-resolution');
    const series = await openSeries(path);
    const began = performance.now();
    const plan = await planSuperres(series, { scale: SCALE, bias: false }, manifest);
    const made = fineSlices(plan, { host, bundleDir, network: 'student' });
    await writeFineSeries(plan, made, join(folder, 'fine'), {
      ...{ bundle: manifest, derivation: 'Bench', label: superresLabel(manifest), createdAt: new Date(0) },
      ...{ identity: ['bench'], comment: '{}' },
    });
    const seconds = (performance.now() - began) / 1000;
    await series.close();
    const peaks = await Promise.all([process.pid, host.pid!].map(processFigures));
    const [main, inference] = peaks.map(({ peakGigabytes }) => peakGigabytes) as [number, number];
    report(
      [
        lower('slices', slices, ''),
        lower('time of a slice', seconds / slices, 's'),
        lower('memory of the command, largest', main, 'GB'),
        lower('memory of the inference process, largest', inference, 'GB'),
        { ...lower('memory of both', main + inference, 'GB'), limit: LIMIT_GB },
      ],
      options,
    );
  } finally {
    await host.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeInvented(path: string, slices: number): Promise<void> {
  const spacing = [0.4, 0.4, 0.7] as const;
  const size = { rows: SIDE, columns: SIDE, slices };
  const affine = centredAffine('SAGITTAL', [SIDE, SIDE, slices], spacing);
  const volume = { ...size, spacing, affine, placement: 'SCANNER' as const };
  await using file = await open(path, 'w');
  await file.writeFile(niftiHead(volume, new Uint16Array(0), { description: 'invented' }));
  for (let index = 0; index < slices; index++) {
    const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, pixel) => {
      const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
      const noise = (pixel * 7919 + index * 104_729) % 61;
      return Math.hypot(x - 188, y - 188) < 170
        ? 900 + Math.round(500 * Math.sin(x / 9) * Math.cos(y / 11)) + noise
        : noise;
    });
    await file.writeFile(pixels);
  }
}
