import { z } from 'zod';
import { checkFormat, commonKeys, floatTensor, graphPart } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

/** bundle.json of a knee detector. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('knee-detection'),
    /** What the detector is given: a whole film of this size, its percentiles [dark, bright] as -1 and 1. */
    film: z
      .strictObject({
        rows: z.int().positive(),
        columns: z.int().positive(),
        window: z.tuple([z.number().min(0).max(100), z.number().min(0).max(100)]),
        valueRange: z.tuple([z.literal(-1), z.literal(1)]),
      })
      .refine(({ window: [dark, bright] }) => dark < bright, { path: ['window'], error: 'does not grow' }),
    /** What it answers: cells of `stride` pixels; a knee is one from the confidence `threshold` on. */
    detector: z.strictObject({ stride: z.int().positive(), threshold: z.number().gt(0).lt(1) }),
    graphs: z.strictObject({ detector: graphPart }),
  })
  .superRefine((manifest, context) => checkFormat(manifest, context))
  .refine(({ film, detector: { stride } }) => film.rows % stride === 0 && film.columns % stride === 0, {
    path: ['detector', 'stride'],
    error: 'does not divide the rows and columns of the film',
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of the detector. */
export function tensors({ film: { rows, columns }, detector: { stride } }: Manifest): Record<'detector', GraphTensors> {
  const [down, across] = [rows / stride, columns / stride];
  return {
    detector: {
      inputs: [floatTensor('film', ['B', 1, rows, columns])],
      outputs: [floatTensor('heatmap', ['B', 1, down, across]), floatTensor('boxes', ['B', 3, down, across])],
    },
  };
}
