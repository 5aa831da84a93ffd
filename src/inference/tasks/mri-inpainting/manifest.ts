import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart, residualShiftSchedule } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

/** bundle.json of an inpainter of MRI series. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('mri-inpainting'),
    sizes: commonKeys.sizes.unwrap(),
    /** The spacings of pixels of the series that are taken, mm. */
    ranges: z.strictObject({ spacingMm: z.tuple([z.number().positive(), z.number().positive()]) }),
    schedule: residualShiftSchedule,
    inpainting: z.strictObject({
      /** Percentile of what is seen of a series that the network sees as 1; no signal is 0. */
      white: z.number().gt(0).max(100),
      /** Slices on either side that it sees. */
      neighbours: z.int().min(1).max(8),
      /** Distances of slices, in pixels of the plane, that it was trained for; others count as the nearest of these. */
      gap: z.tuple([z.number().positive(), z.number().positive()]),
      /** Steps that a slice may be filled in, and how many unless a request says otherwise. */
      steps: z.array(z.int().positive()).min(1),
      defaultSteps: z.int().positive(),
    }),
    graphs: z.strictObject({ inpainter: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task mri-inpainting needs`,
  })
  .refine(({ inpainting: { steps, defaultSteps } }) => steps.includes(defaultSteps), {
    path: ['inpainting', 'defaultSteps'],
    error: 'is none of its steps',
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors: state, slice filled smoothly and from itself alone, its mask, the slices around it and theirs, where on the path, how noisy, how far slices lie apart. */
export function tensors({ inpainting: { neighbours } }: Manifest): Record<'inpainter', GraphTensors> {
  const image = ['B', 1, 'H', 'W'];
  const around = ['B', 2 * neighbours, 'H', 'W'];
  return {
    inpainter: {
      inputs: [
        floatTensor('state', image),
        floatTensor('filled', image),
        floatTensor('inside', image),
        floatTensor('mask', image),
        floatTensor('neighbours', around),
        floatTensor('neighbour_masks', around),
        floatTensor('place', ['B']),
        floatTensor('spread', ['B']),
        floatTensor('gap', ['B']),
      ],
      outputs: [floatTensor('clean', image)],
    },
  };
}
