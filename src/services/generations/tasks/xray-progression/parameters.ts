import { z } from 'zod';
import { AFFECTED_COMPARTMENTS } from '../../../../domain/progressions.js';
import type { Generation } from '../../../../entities/index.js';

const width = z.number().nullable();

/** What was measured on a frame. Widths are in % of the width of the knee's square. */
const frame = z.object({
  index: z.int(),
  position: z.number(),
  kl: z.number(),
  jsw: width,
  medial: width,
  lateral: width,
  expectedKl: z.number(),
  leastDeterminant: z.number(),
});
export type MeasuredFrame = z.infer<typeof frame>;

const parameters = z.object({
  targetKl: z.int(),
  compartment: z.enum(AFFECTED_COMPARTMENTS),
  frameCount: z.int(),
  /** The film's own KL grade: as it was given, or of the exam's preferred reading, else null until it is read. */
  ownKl: z.int().nullable(),
  /** The grader that reads the film and its frames. */
  grader: z.object({ name: z.string(), version: z.string(), sha256: z.string() }),
  /** Pixels of the film; null where its row does not say. */
  film: z.object({ rows: z.int(), columns: z.int() }).nullable(),
  /** Absent until it is made. */
  frames: z.array(frame).optional(),
});

/** What a progression is told, as its row keeps it, and what was measured on its frames. */
export type ProgressionParameters = z.infer<typeof parameters>;

/** What a progression was told. @throws ZodError for a generation of another task */
export function parametersIn(generation: Pick<Generation, 'parameters'>): ProgressionParameters {
  return parameters.parse(generation.parameters);
}
