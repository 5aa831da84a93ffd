import { z } from 'zod';
import { checkFormat, commonKeys, floatTensor, graphPart } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';

/** What a film may show: both knees or one from the front, one from the side or from above, or no knee at all. */
export const SHOWN = ['BILATERAL', 'SINGLE', 'LATERAL', 'SKYLINE', 'NONE'] as const;

/** Quarter turns clockwise that a film may be turned by. */
const TURNS = 4;

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
    /**
     * What it answers: cells of `stride` pixels; a knee is one from the confidence `threshold` on. `shows` names, in the order of the
     * output of that name, what it tells films apart by; a detector without it finds knees and nothing else.
     */
    detector: z.strictObject({
      stride: z.int().positive(),
      threshold: z.number().gt(0).lt(1),
      shows: z.array(z.enum(SHOWN)).min(2).optional(),
    }),
    graphs: z.strictObject({ detector: graphPart }),
  })
  .superRefine((manifest, context) => checkFormat(manifest, context))
  .refine(({ film, detector: { stride } }) => film.rows % stride === 0 && film.columns % stride === 0, {
    path: ['detector', 'stride'],
    error: 'does not divide the rows and columns of the film',
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The tensors of the detector. */
export function tensors({ film: { rows, columns }, detector }: Manifest): Record<'detector', GraphTensors> {
  const { stride, shows } = detector;
  const [down, across] = [rows / stride, columns / stride];
  const view = shows && [
    floatTensor('shows', ['B', shows.length]),
    floatTensor('turned', ['B', TURNS]),
    floatTensor('inverted', ['B', 1]),
  ];
  return {
    detector: {
      inputs: [floatTensor('film', ['B', 1, rows, columns])],
      outputs: [
        floatTensor('heatmap', ['B', 1, down, across]),
        floatTensor('boxes', ['B', 3, down, across]),
        ...(view ?? []),
      ],
    },
  };
}
