import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { UserError } from '../domain/errors.js';
import { readSeries, scanSeries } from '../imaging/dicom/series.js';
import { encodeNifti } from '../imaging/nifti.js';
import { type Echo, MAX_T2, t2Map } from '../imaging/relaxometry/t2-map.js';
import { putResult } from './out-folder.js';
import { progressBar } from './progress.js';
import { stopOnSignal } from './signals.js';

interface T2Options {
  out: string;
  skipFirst: boolean;
  floor: number;
}

/** `osteograph t2map`: T2 of each voxel of a multi-echo series on disk, without a database. */
export function t2mapCommand(): Command {
  return new Command('t2map')
    .description('fit T2 to each voxel of a multi-echo series, without a database')
    .argument('<series>', 'a folder with the DICOM files of one multi-echo series, such as SAG_T2_MAP')
    .requiredOption('--out <dir>', 'folder for t2.nii.gz and t2.json')
    .option('--skip-first', 'leave out the first echo, which lacks the stimulated echoes of the others', false)
    .option(
      '--floor <share>',
      'signal, as a share of the bright end of the first echo, below which nothing is fitted',
      share,
      0.1,
    )
    .addHelpText(
      'after',
      `
t2.nii.gz holds T2 in ms on the grid of the series, 0 where the signal is low or no decay below ${MAX_T2} ms fits. The fit is mono-exponential,
by least squares over all echoes. Not for clinical use.

Examples:
  $ osteograph t2map SAG_T2_MAP/ --out t2
  $ osteograph t2map SAG_T2_MAP/ --skip-first --floor 0.05 --out t2`,
    )
    .action(writeMap);
}

async function writeMap(folder: string, { out, skipFirst, floor }: T2Options): Promise<void> {
  const echoes = await readEchoes(folder);
  using stop = stopOnSignal('Stopped; nothing was written.');
  const bar = progressBar('Fitting T2');
  try {
    bar.start(echoes[0]!.volume.slices, 'slices');
    const map = await t2Map(echoes, {
      skipFirst,
      floor,
      async onSlice(done) {
        bar.update(done, 'slices');
        // Ctrl-C is heard only between two turns of the event loop.
        await nextTurn();
        stop.signal.throwIfAborted();
      },
    });
    bar.stop();
    if (map.fitted === 0) {
      throw new UserError(
        'FILE_REFUSED',
        `${basename(folder)} has no voxel whose signal decays; there is no T2 to map.`,
      );
    }
    const { volume, ...facts } = map;
    const files = new Map<string, Uint8Array | string>([
      ['t2.nii.gz', await encodeNifti(volume, 'T2 map, ms')],
      ['t2.json', `${JSON.stringify({ ...facts, skipFirst, floor }, null, 2)}\n`],
    ]);
    stop.signal.throwIfAborted();
    await putResult(out, files, (entry) => files.has(entry));
    const { fitted, tried, median, echoTimes } = map;
    console.log(
      `T2 of ${basename(folder)}: ${fitted} of ${tried} voxels above the floor, median ${median?.toFixed(1) ?? 'none'} ms, echoes at ${echoTimes.join(', ')} ms.`,
    );
    console.log(`  ${join(out, 't2.nii.gz')}\n  ${join(out, 't2.json')}`);
  } finally {
    bar.stop();
  }
}

async function readEchoes(folder: string): Promise<Echo[]> {
  const { series, refused } = await scanSeries(folder);
  const name = basename(folder);
  if (series.length === 0) {
    throw new UserError('FILE_REFUSED', refused[0]?.reason ?? `${name} holds no DICOM files.`);
  }
  if (new Set(series.map(({ seriesUid }) => seriesUid)).size > 1) {
    throw new UserError('BAD_USER_INPUT', `${name} holds several series; give the folder of one.`);
  }
  const echoes: Echo[] = [];
  for (const one of series) {
    const { echoTime } = one.attributes;
    if (echoTime === null) throw new UserError('FILE_REFUSED', `${name} holds images without an echo time.`);
    if (!(echoTime > 0)) throw new UserError('FILE_REFUSED', `${name} gives an echo time of ${echoTime} ms.`);
    echoes.push({ echoTime, volume: await readSeries(one) });
  }
  return echoes;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`--floor must be a number from 0 to below 1, got "${text}".`);
  }
  return value;
}
