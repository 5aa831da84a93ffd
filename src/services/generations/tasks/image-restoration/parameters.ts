import { z } from 'zod';
import type { Generation } from '../../../../entities/index.js';
import type { BundleManifest } from '../../../../inference/index.js';

/** Pixels of the film that is restored, before it is enlarged; null where its row does not say. */
const film = z.object({ rows: z.int(), columns: z.int() }).nullable();

const parameters = z.discriminatedUnion('operation', [
  z.object({
    operation: z.literal('DENOISE'),
    /** 1/255 of the film's window; null until it is estimated. */
    sigma: z.number().nullable(),
    estimated: z.boolean(),
    /** Share of pixels that are black or white. */
    impulses: z.number(),
    film,
  }),
  z.object({ operation: z.literal('UPSCALE'), factor: z.number(), film }),
  /** The mask is among the generation's files. */
  z.object({ operation: z.literal('INPAINT'), film }),
]);

/** What a restoration is told, as its row keeps it; steps and seed are columns. */
export type RestorationParameters = z.infer<typeof parameters>;

/** What a restoration was told. @throws ZodError for a generation of another task */
export function parametersIn(generation: Pick<Generation, 'parameters'>): RestorationParameters {
  return parameters.parse(generation.parameters);
}

/** What of a restorer's manifest decides what may be asked of it. */
export type Restorer = Pick<BundleManifest<'image-restoration'>, 'name' | 'ranges' | 'restoration'>;
