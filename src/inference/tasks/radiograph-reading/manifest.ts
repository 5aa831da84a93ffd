import { z } from 'zod';
import { BUNDLE_FORMATS, commonKeys, floatTensor, graphPart } from '../../bundles/parts.js';
import type { GraphTensors } from '../../bundles/parts.js';

/** bundle.json of a reader of radiographs: a KL grader. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('radiograph-reading'),
    /** From which distance on a film is none of those that the network was trained for. */
    reading: z.strictObject({ farthest: z.number().positive() }),
    graphs: z.strictObject({ grader: graphPart }),
  })
  .refine(({ format }) => format === BUNDLE_FORMATS[1], {
    path: ['format'],
    error: `is not ${BUNDLE_FORMATS[1]}, which the task radiograph-reading needs`,
  })
  .refine(({ graphs }) => filmShape(graphs.grader) !== undefined, {
    path: ['graphs', 'grader', 'inputs'],
    error: "has no 'film' of the shape [B, 1, rows, columns]",
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** Rows and columns of the film that the grader takes. */
export function filmSize({ graphs }: Pick<Manifest, 'graphs'>): { rows: number; columns: number } {
  return filmShape(graphs.grader)!;
}

/** The tensors of the grader: one knee that looks like a right one, grey 0 to 255, to probabilities of KL 0-4 and its strangeness. */
export function tensors(manifest: Manifest): Record<'grader', GraphTensors> {
  const { rows, columns } = filmSize(manifest);
  return {
    grader: {
      inputs: [floatTensor('film', ['B', 1, rows, columns])],
      outputs: [floatTensor('chances', ['B', 5]), floatTensor('distance', ['B'])],
    },
  };
}

function filmShape({ inputs }: z.infer<typeof graphPart>): { rows: number; columns: number } | undefined {
  const [batch, channels, rows, columns] = inputs.find(({ name }) => name === 'film')?.shape ?? [];
  if (typeof batch !== 'string' || channels !== 1) return undefined;
  return typeof rows === 'number' && typeof columns === 'number' ? { rows, columns } : undefined;
}
