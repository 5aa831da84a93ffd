import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { FactList } from '../../components/fact-list.tsx';
import { parameterFacts } from '../../lib/parameters.ts';
import { count, decimal, duration, moment, taskName } from '../../lib/words.ts';
import type { Generation } from './queries.ts';

/** What was asked for and what came of it. */
export function Facts({ generation }: { generation: Generation }) {
  const { bundle, batch, sliceCount, steps, sampler, eta, seed, noise, requestedBy, createdAt, finishedAt } =
    generation;
  const { gradeGuidance, task } = generation;
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
    const unit = task === 'XRAY_PROGRESSION' ? 'frames' : 'tiles';
    const runs = denoiserEvaluations === null ? '–' : `${count(denoiserEvaluations)} ${unit} on ${device ?? '?'}`;
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
  const words = parameterFacts(parameters);
  // A progression goes to the network once for each frame, and draws nothing.
  if (task === 'XRAY_PROGRESSION') return [['Task', taskName(task)], ...words];
  const drawn = seed === null ? 'none: the mean of what is likely' : String(seed);
  return [['Task', taskName(task)], ...words, ['Steps', String(steps)], ['Seed', drawn]];
}
