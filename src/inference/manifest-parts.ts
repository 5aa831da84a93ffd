/** Parts of a manifest that every task's manifest is made of; the words are those of bundle.json. */
import { z } from 'zod';
import { BETA_SCHEDULES, PREDICTION_TYPES, SPACINGS } from './schedule.js';

/** The manifest formats this platform reads; 2 is the one to write. What 2 adds is refused in 1. */
export const BUNDLE_FORMATS = ['osteograph-bundle/1', 'osteograph-bundle/2'] as const;

const dimension = z.union([z.int().positive(), z.string().min(1)]);
const tensor = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['float32']),
  shape: z.array(dimension).min(1),
});

/**
 * A tensor of a graph. 'B' stands for the batch, 'H' and 'W' for rows and columns that the graph leaves open within the manifest's
 * `sizes`, other names for sizes that only the graph knows.
 */
export type TensorSpec = z.infer<typeof tensor>;

/** Tensors of one graph. */
export interface GraphTensors {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/** What a manifest says of one of its graphs. */
export const graphPart = z.strictObject({
  file: z.string().regex(/^[\w][\w.-]*\.onnx$/, 'must be the name of an .onnx file in the bundle folder'),
  sha256,
  /** Files with the weights that the graph keeps outside of itself. */
  data: z
    .array(
      z.strictObject({
        file: z.string().regex(/^[\w][\w.-]*$/, 'must be the name of a file in the bundle folder'),
        sha256,
      }),
    )
    .min(1)
    .optional(),
  precision: z.enum(['fp32', 'fp16-weights', 'int8-weights']),
  inputs: z.array(tensor).min(1),
  outputs: z.array(tensor).min(1),
});
export type GraphSpec = z.infer<typeof graphPart>;

/** A schedule of betas, as denoising diffusion has it. */
export const diffusionSchedule = z
  .strictObject({
    /** Format 1 does not name it. */
    kind: z.literal('diffusion').optional(),
    trainSteps: z.int().min(2).max(100_000),
    betaSchedule: z.enum(BETA_SCHEDULES),
    betaStart: z.number().gt(0).lt(1),
    betaEnd: z.number().gt(0).lt(1),
    spacing: z.enum(SPACINGS),
    finalAlpha: z.enum(['one', 'first']),
    predictionType: z.enum(PREDICTION_TYPES),
  })
  .refine(({ betaStart, betaEnd }) => betaStart <= betaEnd, { path: ['betaEnd'], error: 'is smaller than betaStart' });

/** A schedule that moves from the degraded image to the clean one (ResShift), see `residual-shift.ts`. */
export const residualShiftSchedule = z
  .strictObject({
    kind: z.literal('residual-shift'),
    trainSteps: z.int().min(1).max(100_000),
    firstShift: z.number().gt(0).lt(1),
    lastShift: z.number().gt(0).lt(1),
    power: z.number().positive(),
    noiseScale: z.number().positive(),
  })
  .refine(({ firstShift, lastShift }) => firstShift < lastShift, {
    path: ['lastShift'],
    error: 'is not larger than firstShift',
  });

/** Kinds of {@link anySchedule}. */
export const SCHEDULE_KINDS = ['diffusion', 'residual-shift'] as const;

/** Any schedule, for tasks that take more than one kind. */
export const anySchedule = z.discriminatedUnion('kind', [diffusionSchedule, residualShiftSchedule]);

const interval = z
  .tuple([z.number(), z.number()])
  .refine(([least, most]) => least <= most, { error: 'is an interval whose end lies before its start' });

/** What format 2 may say of any bundle. */
const additions = {
  /** What 'H' and 'W' in the graphs' shapes may be: multiples, and how far a pixel's value depends on others (for tiles). */
  sizes: z.strictObject({ multipleOf: z.int().positive(), haloPx: z.int().min(0) }).optional(),
  /** Within which values the network was trained: noise in 1/255 of the window, enlargement, pixel spacing. */
  ranges: z
    .strictObject({ sigma: interval.optional(), scale: interval.optional(), spacingMm: interval.optional() })
    .optional(),
  /** Bits of a pixel that the network was trained to keep. */
  bitDepth: z.int().min(8).max(16).optional(),
  /** Of a student: the bundle it was distilled from, by its digest. */
  teacher: z.strictObject({ name: z.string().min(1), version: z.string().min(1), sha256 }).optional(),
};

/** Keys that every manifest has; a task adds `task`, `graphs` and its own, and checks the whole by {@link checkFormat}. */
export const commonKeys = {
  format: z.enum(BUNDLE_FORMATS),
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower-case letters, digits, dots and dashes'),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a semantic version such as 1.0.0'),
  description: z.string(),
  intendedUse: z.string(),
  authors: z.array(z.string()).min(1),
  licence: z.string(),
  trainedOn: z.record(z.string(), z.unknown()),
  evaluation: z.strictObject({ data: z.unknown(), metrics: z.unknown() }),
  ...additions,
};

/** What every manifest says, whatever its task. */
export type CommonManifest = z.infer<z.ZodObject<typeof commonKeys>> & {
  task: string;
  /** By role; undefined where the task lets a manifest leave one out. */
  graphs: Record<string, GraphSpec | undefined>;
};

/** Refuses, in a manifest of format 1, what only format 2 has: the keys that it adds to every manifest, and others by their path. */
export function checkFormat(
  { format, ...manifest }: Pick<CommonManifest, 'format'>,
  context: z.RefinementCtx,
  others: readonly (readonly (string | number)[])[] = [],
): void {
  if (format !== BUNDLE_FORMATS[0]) return;
  const added = Object.keys(additions)
    .filter((key) => key in manifest)
    .map((key) => [key]);
  for (const path of [...added, ...others]) {
    context.addIssue({ code: 'custom', path: [...path], message: `is what only ${BUNDLE_FORMATS[1]} may say` });
  }
}

/** A tensor of 32-bit floats. */
export function floatTensor(name: string, shape: (number | string)[]): TensorSpec {
  return { name, type: 'float32', shape };
}
