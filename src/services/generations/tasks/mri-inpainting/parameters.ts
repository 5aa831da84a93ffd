import { z } from 'zod';
import type { Generation } from '../../../../entities/index.js';

const whole = z.int();

const parameters = z.object({
  /** Slices that are filled in whole. */
  slices: z.array(whole),
  boxes: z.array(
    z.object({ firstSlice: whole, lastSlice: whole, left: whole, top: whole, columns: whole, rows: whole }),
  ),
  /** Digests of images, and the slices in which they hide what is not black in them; absent: there is none. */
  masks: z.array(z.object({ firstSlice: whole, lastSlice: whole, sha256: z.string() })).optional(),
  /** Digest of a volume that hides what is above 0 in it; absent: there is none. */
  mask: z.object({ sha256: z.string() }).optional(),
  /** Voxels of the series, as far as its row says. */
  series: z.object({ rows: whole, columns: whole, slices: whole }).nullable(),
});

/** What an inpainting is told, as its row keeps it; steps are a column. */
export type InpaintingParameters = z.infer<typeof parameters>;

/** What an inpainting was told. @throws ZodError for a generation of another task */
export function parametersIn(generation: Pick<Generation, 'parameters'>): InpaintingParameters {
  return parameters.parse(generation.parameters);
}
