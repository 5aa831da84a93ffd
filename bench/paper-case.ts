import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/domain/package.js';
import { asItLies } from '../src/imaging/generated-volume.js';
import { renderMontage } from '../src/imaging/montage.js';
import { decodePng } from '../src/imaging/png.js';
import { kneeBox, loadRadiograph, radiographInput } from '../src/imaging/radiograph/index.js';
import { readBundleFor, startInferenceHost } from '../src/inference/index.js';
import {
  adjacentCorrelation,
  blackSlices,
  greyImage,
  type GreyImage,
  mirroredSlices,
  quartiles,
  slicesAway,
  VolumeScorer,
} from '../src/metrics/index.js';
import { report, type Figure } from './report.js';

/** One of the paper's own examples; it is not part of the repository. */
const CASE = join(packageRoot, '../shared/data/paper-case');
const BUNDLE = process.env['OSTEOGRAPH_BUNDLE'] ?? join(packageRoot, 'models/knee-xray2mri-demo/1.0.1');
const OUT = join(packageRoot, '.cache/paper-case');
const STEPS = [1, 4, 16];

/** The trained grid's, which the published slices have too, mm. */
const SPACING = 0.625;

/**
 * The shipped model, trained on phantoms only, on the radiograph of one of the paper's own examples: its figures against the real
 * MRI beside those of the paper's volume, and of volumes that say nothing: the own knee mirrored, its slices three places on, black.
 * Writes montages of the generated ones to .cache/paper-case/. No figure has a limit: the bar is the paper's. `--default-only` runs
 * the shipped default alone; `OSTEOGRAPH_BUNDLE` is the folder of another bundle.
 */
export async function run(options: { json: boolean; args: string[] }): Promise<void> {
  if (!existsSync(CASE)) {
    console.error(`The paper's example is not at ${CASE}: nothing to compare with.`);
    process.exitCode = 1;
    return;
  }
  const real = await stack('real');
  const scorer = new VolumeScorer(real);
  const film = await loadRadiograph(join(CASE, 'radiograph.png'));
  const xray = radiographInput(film, await kneeBox(film, { side: 'RIGHT', view: 'SINGLE', reframe: true }), 'RIGHT');
  const steps = options.args.includes('--default-only') ? STEPS.slice(0, 1) : STEPS;
  const arms = [{ name: "the paper's volume", slices: await stack('generated') }];
  const host = await startInferenceHost();
  try {
    for (const count of steps) {
      const slices: GreyImage[] = [];
      await host.run(
        'xray-to-mri',
        { bundleDir: BUNDLE, xray, grades: {}, sliceCount: real.length, steps: count, seed: 1, noise: 'SHARED' },
        { onOutput: ({ index, image }) => void (slices[index] = asItLies(image, 'RIGHT')) },
      );
      arms.push({ name: `ours, ${count} step${count === 1 ? '' : 's'}`, slices });
    }
  } finally {
    await host.close();
  }
  await mkdir(OUT, { recursive: true });
  const { manifest } = await readBundleFor(BUNDLE, 'xray-to-mri');
  const figures: Figure[] = [];
  for (const [index, { name, slices }] of arms.entries()) {
    const scores = addFigures(figures, name, scorer, slices);
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
    await writeFile(join(OUT, `${['paper', ...steps][index]}.png`), montage);
  }
  addFigures(figures, 'its own real knee, mirrored', scorer, mirroredSlices(real));
  addFigures(figures, 'its own real knee, three slices away', scorer, slicesAway(real));
  addFigures(figures, 'black', scorer, blackSlices(real));
  figures.push({ name: 'real: adjacent correlation', value: adjacentCorrelation(real), unit: '', better: 'higher' });
  report(figures, options);
}

/** Medians over the slices. @returns the scores of each slice */
function addFigures(
  figures: Figure[],
  arm: string,
  scorer: VolumeScorer,
  slices: readonly GreyImage[],
): ReturnType<VolumeScorer['score']>[] {
  const scores = slices.map((slice, at) => scorer.score(at, slice));
  const knee = slices.map((slice, at) => scorer.kneeScores(at, slice, SPACING));
  const add = (what: string, values: readonly (number | null)[], unit = '') => {
    const known = values.filter((value) => value !== null);
    figures.push({ name: `${arm}: ${what}`, value: quartiles(known).median, unit, better: 'higher' });
  };
  add(
    'PSNR',
    scores.map(({ psnr }) => psnr),
    'dB',
  );
  add(
    'SSIM',
    scores.map(({ ssim }) => ssim),
  );
  add(
    'RSSIM',
    scores.map(({ rssim }) => rssim),
  );
  add(
    'edge F1',
    knee.map(({ edgeF1 }) => edgeF1),
  );
  add(
    'bone Dice',
    knee.map(({ boneDice }) => boneDice),
  );
  add(
    'sharpness',
    knee.map(({ sharpness }) => sharpness),
  );
  // Of a volume without any detail there is none.
  const correlation = adjacentCorrelation(slices);
  if (!Number.isNaN(correlation)) add('adjacent correlation', [correlation]);
  return scores;
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
