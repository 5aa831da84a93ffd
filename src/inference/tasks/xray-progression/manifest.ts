import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

const percentile = z.number().min(0).max(100);

/** Narrowest widths of a compartment by KL 0 to 4, % of the crop's width; they never grow. */
const widths = z
  .array(z.number().positive())
  .length(5)
  .refine((values) => values.every((value, grade) => grade === 0 || value <= values[grade - 1]!), {
    error: 'grows with the grade',
  });
const compartments = z.strictObject({ medial: widths, lateral: widths });

/** bundle.json of a network that adds what grades add near the joint, with the widths that its films have by grade. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('xray-progression'),
    progression: z.strictObject({
      /** Percentiles of the knee's square that the network sees as 0 and 1. */
      window: z.tuple([percentile, percentile]),
      /** What it sees: rows and columns of half a working pixel's fineness, from the working row `top` on. */
      picture: z.strictObject({
        rows: z.int().positive(),
        columns: z.literal(112),
        top: z.int().min(0),
      }),
      /** Rows of the picture from the joint's middle up to which it is drawn anew, and beyond which it stays. */
      near: z.tuple([z.number().positive(), z.number().positive()]),
      /** Of knees in which this compartment is the affected one. */
      widths: z.strictObject({ medial: compartments, lateral: compartments, both: compartments }),
      /** How much of what the network adds is added. */
      amplitude: z.number().min(0).max(4),
    }),
    graphs: z.strictObject({ remodeller: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task xray-progression needs`,
  })
  .refine(({ progression: { picture } }) => picture.top + 2 * picture.rows <= 224, {
    path: ['progression', 'picture'],
    error: 'reaches below the crop of 224 rows',
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of the remodeller: the closed picture, its joint space, where it is drawn anew, grades and affected compartments to what is added. */
export function tensors({ progression: { picture } }: Manifest): Record<'remodeller', GraphTensors> {
  const image = ['B', 1, picture.rows, picture.columns];
  return {
    remodeller: {
      inputs: [
        floatTensor('picture', image),
        floatTensor('space', image),
        floatTensor('near', image),
        floatTensor('own', ['B']),
        floatTensor('grade', ['B']),
        floatTensor('affected', ['B', 2]),
      ],
      outputs: [floatTensor('addition', image)],
    },
  };
}
