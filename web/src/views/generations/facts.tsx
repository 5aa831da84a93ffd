import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { FactList } from '../../components/fact-list.tsx';
import { count, decimal, duration, moment, taskName } from '../../lib/words.ts';
import type { Generation } from './queries.ts';

/** What was asked for and what came of it. */
export function Facts({ generation }: { generation: Generation }) {
  const { bundle, batch, sliceCount, steps, sampler, eta, seed, noise, requestedBy, createdAt, finishedAt } =
    generation;
  const { gradeGuidance } = generation;
  const { psnr, ssim, rssim, ssimMode, adjacentCorrelation, durationMs, denoiserEvaluations, device } = generation;
  const rows: [string, ReactNode][] = [
    ['Bundle', `${bundle.name}@${bundle.version}`],
    ...(sliceCount === null
      ? told(generation)
      : ([
          ['Slices', String(sliceCount)],
          ['Steps', `${steps}, ${sampler}${eta > 0 ? `, eta ${eta}` : ''}`],
          ['Seed', String(seed)],
          ['Noise', noise === 'SHARED' ? 'shared' : 'per slice'],
          ...(gradeGuidance === 1 ? [] : [['Pull of the grades', String(gradeGuidance)] as [string, string]]),
        ] satisfies [string, string][])),
    ['Asked for', `${moment(createdAt)}${requestedBy ? ` by ${requestedBy}` : ''}`],
  ];
  if (batch) {
    rows.push([
      'Batch',
      <Link key={batch.id} to={`/batches/${batch.id}`}>
        {batch.name}
      </Link>,
    ]);
  }
  if (finishedAt && sliceCount === null) {
    const runs = denoiserEvaluations === null ? '–' : `${count(denoiserEvaluations)} tiles on ${device ?? '?'}`;
    rows.push(['Time', duration(durationMs)], ['Network', runs]);
  } else if (finishedAt) {
    rows.push(
      ['PSNR, median', decimal(psnr, 2, ' dB')],
      [`SSIM, median (${ssimMode.toLowerCase()})`, decimal(ssim, 3)],
      ['RSSIM, median', decimal(rssim, 3)],
      ['Adjacent slices', decimal(adjacentCorrelation, 3)],
      ['Time', duration(durationMs)],
      [
        'Denoiser',
        denoiserEvaluations === null ? '–' : `${count(denoiserEvaluations)} slice-evaluations on ${device ?? '?'}`,
      ],
    );
  }
  return <FactList facts={rows} />;
}

/** What a task was told, and what it has found for itself. */
function told({ task, parameters, steps, seed }: Generation): [string, string][] {
  const words = Object.entries(parameters as Record<string, unknown>).flatMap(([name, value]): [string, string][] =>
    name in WORDS && value !== null ? [[WORDS[name]!, inWords(value)]] : [],
  );
  const drawn = seed === null ? 'none: the mean of what is likely' : String(seed);
  return [['Task', taskName(task)], ...words, ['Steps', String(steps)], ['Seed', drawn]];
}

/** What the parameters of tasks are called; those that are not here are not shown. */
const WORDS: Readonly<Record<string, string>> = {
  operation: 'What',
  sigma: 'Noise, of 255',
  estimated: 'Noise estimated',
  impulses: 'Black and white pixels',
  factor: 'Enlarged, times',
};

function inWords(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : String(value).toLowerCase();
}
