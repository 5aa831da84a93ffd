import type { InpaintingPlan } from './plan.js';

/** What was filled in, in words, e.g. "2 lost slices and 4210 pixels of 3 slices filled in". */
export function inpaintingInWords({
  series: { rows, columns },
  hidden,
}: Pick<InpaintingPlan, 'series' | 'hidden'>): string {
  const lost = hidden.filter((count) => count === rows * columns).length;
  const parts = hidden.filter((count) => count > 0 && count < rows * columns);
  const pixels = parts.reduce((sum, count) => sum + count, 0);
  const slices = (count: number, word = '') => `${count} ${word}slice${count === 1 ? '' : 's'}`;
  const what = [
    ...(lost > 0 ? [slices(lost, 'lost ')] : []),
    ...(pixels > 0 ? [`${pixels} pixel${pixels === 1 ? '' : 's'} of ${slices(parts.length)}`] : []),
  ];
  return `${what.join(' and ')} filled in`;
}

/** Text that every file of such a series carries. */
export function inpaintingLabel({ name, version }: { name: string; version: string }): string {
  return `SYNTHETIC, filled in by ${name} ${version}; what it adds was not seen`;
}
