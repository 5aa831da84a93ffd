import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

/** bundle.json of a reader of radiographs: a KL grader. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('radiograph-reading'),
    /** What the grader is given: one knee, square, grey 0 to 255; `orientation` says in words that left knees are mirrored. */
    film: z.strictObject({
      size: z.int().min(16).max(4096),
      valueRange: z.tuple([z.literal(0), z.literal(255)]),
      orientation: z.string(),
    }),
    /** Above this distance a film is none of those that the network was trained for. */
    reading: z.strictObject({ farthest: z.number().positive() }),
    graphs: z.strictObject({ grader: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task radiograph-reading needs`,
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of the grader: one knee that looks like a right one to probabilities of KL 0 to 4 and its strangeness. */
export function tensors({ film: { size } }: Manifest): Record<'grader', GraphTensors> {
  return {
    grader: {
      inputs: [floatTensor('film', ['B', 1, size, size])],
      outputs: [floatTensor('chances', ['B', 5]), floatTensor('distance', ['B'])],
    },
  };
}
