import { z } from 'zod';
import type { Generation } from '../../../../entities/index.js';
import { THROUGH_PLANE } from '../../../../imaging/superres/index.js';
import { SUPER_RESOLVERS } from '../../../../inference/index.js';

const parameters = z.object({
  scale: z.number(),
  /** How many slices are made of each first; absent: none are. */
  throughPlane: z.literal(THROUGH_PLANE).optional(),
  network: z.enum(SUPER_RESOLVERS),
  /** Whether the series is divided by the coil's bias, estimated from it. */
  bias: z.boolean(),
  /** Voxels of the series, as far as its row says. */
  series: z.object({ rows: z.int(), columns: z.int(), slices: z.int() }).nullable(),
});

/** What a super-resolution is told, as its row keeps it; steps are a column. */
export type SuperResolutionParameters = z.infer<typeof parameters>;

/** What a super-resolution was told. @throws ZodError for a generation of another task */
export function parametersIn(generation: Pick<Generation, 'parameters'>): SuperResolutionParameters {
  return parameters.parse(generation.parameters);
}
