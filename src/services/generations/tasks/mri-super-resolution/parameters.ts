import { z } from 'zod';
import type { Generation } from '../../../../entities/index.js';
import { gradientsSchema, THROUGH_PLANE } from '../../../../imaging/superres/index.js';
import { SUPER_RESOLVERS } from '../../../../inference/index.js';

const parameters = z.object({
  scale: z.number(),
  /** How many slices are made of each first; absent: none are. */
  throughPlane: z.literal(THROUGH_PLANE).optional(),
  network: z.enum(SUPER_RESOLVERS),
  /** Whether the series is divided by the coil's bias, estimated from it. */
  bias: z.boolean(),
  /** Coefficients of the gradient coils that it is unwarped by, with the digest of their file; absent: it is not. */
  coefficients: gradientsSchema.omit({ format: true }).extend({ sha256: z.string() }).optional(),
  /** Voxels of the series, as far as its row says. */
  series: z.object({ rows: z.int(), columns: z.int(), slices: z.int() }).nullable(),
});

/** What a super-resolution is told, as its row keeps it; steps are a column. */
export type SuperResolutionParameters = z.infer<typeof parameters>;

/** What a super-resolution was told. @throws ZodError for a generation of another task */
export function parametersIn(generation: Pick<Generation, 'parameters'>): SuperResolutionParameters {
  return parameters.parse(generation.parameters);
}

/** What a super-resolution was told, as it is shown and recorded. */
export function shownParameters(generation: Pick<Generation, 'parameters'>) {
  return shown(parametersIn(generation));
}

/** Parameters without coefficients, which vendors hand out in confidence, but what tells them apart. */
export function shown<Told extends Omit<SuperResolutionParameters, 'series'>>({ coefficients, ...told }: Told) {
  return coefficients
    ? { ...told, coefficients: { scanner: coefficients.scanner, sha256: coefficients.sha256 } }
    : told;
}
