import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart, residualShiftSchedule } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

const percentile = z.number().min(0).max(100);

/** bundle.json of a restorer of radiographs. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('image-restoration'),
    sizes: commonKeys.sizes.unwrap(),
    /** The noise (1/255 of the window) and the enlargement that it was trained for. */
    ranges: z.strictObject({
      sigma: z.tuple([z.number(), z.number().positive()]),
      scale: z.tuple([z.number(), z.number().gt(1)]),
    }),
    schedule: residualShiftSchedule,
    restoration: z.strictObject({
      /** Percentiles of a film that the network sees as 0 and 1. */
      window: z.tuple([percentile, percentile]),
      /** Largest share of black and white pixels that it was trained for. */
      impulses: z.number().gt(0).max(1),
      /** Steps that a film may be restored in, and how many unless a request says otherwise. */
      steps: z.array(z.int().positive()).min(1),
      defaultSteps: z.int().positive(),
    }),
    graphs: z.strictObject({ restorer: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task image-restoration needs`,
  })
  .refine(({ restoration: { steps, defaultSteps } }) => steps.includes(defaultSteps), {
    path: ['restoration', 'defaultSteps'],
    error: 'is none of its steps',
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of the restorer: state, spoilt film and mask, where on the path, how noisy the state is, and how strongly the film was spoilt. */
export function tensors(): Record<'restorer', GraphTensors> {
  const image = ['B', 1, 'H', 'W'];
  return {
    restorer: {
      inputs: [
        floatTensor('state', image),
        floatTensor('degraded', image),
        floatTensor('mask', image),
        floatTensor('place', ['B']),
        floatTensor('spread', ['B']),
        floatTensor('strengths', ['B', 3]),
      ],
      outputs: [floatTensor('clean', image)],
    },
  };
}
