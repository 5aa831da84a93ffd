import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/domain/package.js';
import { asItLies } from '../src/imaging/generated-volume.js';
import { renderMontage } from '../src/imaging/montage.js';
import { decodePng } from '../src/imaging/png.js';
import { kneeBox, loadRadiograph, radiographInput } from '../src/imaging/radiograph/index.js';
import { readBundleFor, startInferenceHost } from '../src/inference/index.js';
import { adjacentCorrelation, greyImage, type GreyImage, quartiles, VolumeScorer } from '../src/metrics/index.js';
import { report, type Figure } from './report.js';

/** One of the paper's own examples; it is not part of the repository. */
const CASE = join(packageRoot, '../shared/data/paper-case');
const BUNDLE = join(packageRoot, 'models/knee-xray2mri-demo/1.0.1');
const OUT = join(packageRoot, '.cache/paper-case');
const STEPS = [1, 4, 16];

/**
 * The shipped model, trained on phantoms only, on the radiograph of one of the paper's own examples: its figures against the real
 * MRI beside those of the paper's volume. Writes montages of both to .cache/paper-case/. No figure has a limit: the bar is
 * the paper's.
 */
export async function run(options: { json: boolean }): Promise<void> {
  if (!existsSync(CASE)) {
    console.error(`The paper's example is not at ${CASE}: nothing to compare with.`);
    process.exitCode = 1;
    return;
  }
  const real = await stack('real');
  const scorer = new VolumeScorer(real);
  const film = await loadRadiograph(join(CASE, 'radiograph.png'));
  const xray = radiographInput(film, await kneeBox(film, { side: 'RIGHT', view: 'SINGLE' }), 'RIGHT');
  const arms = [{ name: "the paper's volume", slices: await stack('generated') }];
  const host = await startInferenceHost();
  try {
    for (const steps of STEPS) {
      const slices: GreyImage[] = [];
      await host.generate(
        { bundleDir: BUNDLE, xray, grades: {}, sliceCount: real.length, steps, seed: 1, noise: 'SHARED' },
        { onSlice: ({ index, image }) => void (slices[index] = asItLies(image, 'RIGHT')) },
      );
      arms.push({ name: `ours, ${steps} step${steps === 1 ? '' : 's'}`, slices });
    }
  } finally {
    await host.close();
  }
  await mkdir(OUT, { recursive: true });
  const { manifest } = await readBundleFor(BUNDLE, 'xray-to-mri');
  const figures: Figure[] = [];
  for (const [index, { name, slices }] of arms.entries()) {
    const scores = slices.map((slice, at) => scorer.score(at, slice));
    const median = (key: 'psnr' | 'ssim' | 'rssim') => quartiles(scores.map((score) => score[key])).median;
    const add = (what: string, value: number, unit = '') =>
      figures.push({ name: `${name}: ${what}`, value, unit, better: 'higher' });
    add('PSNR', median('psnr'), 'dB');
    add('SSIM', median('ssim'));
    add('RSSIM', median('rssim'));
    add('adjacent correlation', adjacentCorrelation(slices));
    const montage = await renderMontage({
      title: `One of the paper's own examples: ${name}`,
      subtitle:
        index === 0
          ? 'SYNTHETIC, by the authors of the paper'
          : `SYNTHETIC, by ${manifest.name} ${manifest.version}, trained on phantoms`,
      radiograph: { rows: 256, columns: 256, data: xray.map((value) => (value + 1) / 2) },
      generated: slices,
      real,
      scores,
    });
    await writeFile(join(OUT, `${['paper', ...STEPS][index]}.png`), montage);
  }
  figures.push({ name: 'real: adjacent correlation', value: adjacentCorrelation(real), unit: '', better: 'higher' });
  report(figures, options);
}

async function stack(name: string): Promise<GreyImage[]> {
  const files = (await readdir(join(CASE, name))).sort();
  return Promise.all(
    files.map(async (file) => {
      const { rows, columns, data } = decodePng(await readFile(join(CASE, name, file)), file);
      return greyImage(Uint8Array.from(data), { rows, columns });
    }),
  );
}
