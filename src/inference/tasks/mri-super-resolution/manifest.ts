import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart, residualShiftSchedule } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

const network = z
  .strictObject({
    /** Steps that a slice may be made in, and how many unless a request says otherwise. */
    steps: z.array(z.int().positive()).min(1),
    defaultSteps: z.int().positive(),
  })
  .refine(({ steps, defaultSteps }) => steps.includes(defaultSteps), {
    path: ['defaultSteps'],
    error: 'is none of its steps',
  });

/** bundle.json of a super-resolver of MRI series. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('mri-super-resolution'),
    sizes: commonKeys.sizes.unwrap(),
    /** How many times finer, and the spacings of pixels of the series that are taken, mm. */
    ranges: z.strictObject({
      scale: z.tuple([z.number().gt(1), z.number().gt(1)]),
      spacingMm: z.tuple([z.number().positive(), z.number().positive()]),
    }),
    schedule: residualShiftSchedule,
    superResolution: z.strictObject({
      /** Percentile of a series that the networks see as 1; no signal is 0. */
      white: z.number().gt(0).max(100),
      student: network,
      teacher: network,
    }),
    graphs: z.strictObject({ student: graphPart, teacher: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task mri-super-resolution needs`,
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of both: state, enlarged slice, guidance (Jacobian - 1, logarithm of the bias), where on the path, how noisy, how many times finer. */
export function tensors(): Record<'student' | 'teacher', GraphTensors> {
  const image = ['B', 1, 'H', 'W'];
  const each = (): GraphTensors => ({
    inputs: [
      floatTensor('state', image),
      floatTensor('enlarged', image),
      floatTensor('guidance', ['B', 2, 'H', 'W']),
      floatTensor('place', ['B']),
      floatTensor('spread', ['B']),
      floatTensor('scale', ['B']),
    ],
    outputs: [floatTensor('fine', image)],
  });
  return { student: each(), teacher: each() };
}
