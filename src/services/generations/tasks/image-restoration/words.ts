import { aimInWords } from '../../../../imaging/restoration/index.js';
import type { MadeBy } from '../task.js';
import type { RestorationParameters } from './parameters.js';

/** Text that every file of a restored film carries. */
export function labelOf({ name, version }: Pick<MadeBy, 'name' | 'version'>): string {
  return `SYNTHETIC, restored by ${name} ${version}; what it adds was not seen`;
}

/** What was done to a film. */
export function inWords(told: RestorationParameters): string {
  if (told.operation === 'UPSCALE') return aimInWords({ kind: 'UPSCALE', scale: told.factor });
  if (told.operation === 'INPAINT') return aimInWords({ kind: 'INPAINT' });
  const { sigma, estimated } = told;
  return aimInWords({ kind: 'DENOISE', sigma: sigma ?? 0, estimated });
}
