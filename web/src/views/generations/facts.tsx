import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { FactList } from '../../components/fact-list.tsx';
import { count, decimal, duration, moment } from '../../lib/words.ts';
import type { Generation } from './queries.ts';

/** What was asked for and what came of it. */
export function Facts({ generation }: { generation: Generation }) {
  const { bundle, batch, sliceCount, steps, sampler, eta, seed, noise, requestedBy, createdAt, finishedAt } =
    generation;
  const { gradeGuidance } = generation;
  const { psnr, ssim, rssim, ssimMode, adjacentCorrelation, durationMs, denoiserEvaluations, device } = generation;
  const rows: [string, ReactNode][] = [
    ['Bundle', `${bundle.name}@${bundle.version}`],
    ['Slices', String(sliceCount)],
    ['Steps', `${steps}, ${sampler}${eta > 0 ? `, eta ${eta}` : ''}`],
    ['Seed', String(seed)],
    ['Noise', noise === 'SHARED' ? 'shared' : 'per slice'],
    ...(gradeGuidance === 1 || gradeGuidance === null
      ? []
      : [['Pull of the grades', String(gradeGuidance)] as [string, string]]),
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
  if (finishedAt) {
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
