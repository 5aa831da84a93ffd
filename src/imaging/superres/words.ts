import type { SuperResolver } from '../../inference/index.js';
import type { SuperresAim } from './plan.js';

/** What was done to a series, in words, e.g. "2 times as many pixels in plane, unwarped, by the student". */
export function superresInWords({ scale, throughPlane, gradients, bias }: SuperresAim, network: SuperResolver): string {
  const done = [
    `${Number(scale.toFixed(3))} times as many pixels along rows and columns`,
    ...(throughPlane ? ['twice as many slices'] : []),
    ...(gradients ? [`unwarped by the gradient coefficients of ${gradients.scanner}`] : []),
    ...(bias ? ['divided by the coil bias estimated from it'] : []),
  ];
  return `${done.join(', ')}, by the ${network}`;
}

/** Text that every file of a super-resolved series carries. */
export function superresLabel({ name, version }: { name: string; version: string }): string {
  return `SYNTHETIC, super-resolved by ${name} ${version}; what it adds was not seen`;
}
