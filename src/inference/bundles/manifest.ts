import { z } from 'zod';
import { FEATURES, isFeatureCode } from '../../domain/features.js';
import type { FeatureCode } from '../../domain/features.js';
import { featureLength } from '../conditioning.js';
import { BETA_SCHEDULES, PREDICTION_TYPES, SPACINGS } from '../schedule.js';

/** The manifest format this platform reads. */
export const BUNDLE_FORMAT = 'osteograph-bundle/1';

/** Roles of the graphs of each task, in the order in which they run. */
export const TASK_ROLES = {
  'xray-to-mri': ['xrayEncoder', 'denoiser', 'decoder'],
  'knee-detection': ['detector'],
} as const;
export type Task = keyof typeof TASK_ROLES;
export type RoleOf<T extends Task> = (typeof TASK_ROLES)[T][number];
export type GraphRole = RoleOf<Task>;

const dimension = z.union([z.int().positive(), z.string().min(1)]);
const tensor = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['float32']),
  shape: z.array(dimension).min(1),
});

/** A tensor of a graph: 'B' stands for the batch, other names for sizes the graph leaves open. */
export type TensorSpec = z.infer<typeof tensor>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

const graph = z.strictObject({
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

const feature = z.strictObject({
  name: z.custom<FeatureCode>((value) => typeof value === 'string' && isFeatureCode(value), {
    error: (issue) => `is '${String(issue.input)}', which is not a radiographic feature this platform knows`,
  }),
  levels: z.int().positive(),
});

const schedule = z
  .strictObject({
    trainSteps: z.int().min(2).max(100_000),
    betaSchedule: z.enum(BETA_SCHEDULES),
    betaStart: z.number().gt(0).lt(1),
    betaEnd: z.number().gt(0).lt(1),
    spacing: z.enum(SPACINGS),
    finalAlpha: z.enum(['one', 'first']),
    predictionType: z.enum(PREDICTION_TYPES),
  })
  .refine(({ betaStart, betaEnd }) => betaStart <= betaEnd, { path: ['betaEnd'], error: 'is smaller than betaStart' });

const common = {
  format: z.literal(BUNDLE_FORMAT),
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower-case letters, digits, dots and dashes'),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a semantic version such as 1.0.0'),
  description: z.string(),
  intendedUse: z.string(),
  authors: z.array(z.string()).min(1),
  licence: z.string(),
  trainedOn: z.record(z.string(), z.unknown()),
  evaluation: z.strictObject({ data: z.unknown(), metrics: z.unknown() }),
};

const generationManifest = z
  .strictObject({
    ...common,
    task: z.literal('xray-to-mri'),
    image: z.strictObject({
      size: z.literal(256),
      channels: z.literal(1),
      valueRange: z.tuple([z.literal(-1), z.literal(1)]),
    }),
    latent: z.strictObject({
      channels: z.literal(4),
      size: z.literal(32),
      scaleFactor: z.number().positive(),
      conditionScale: z.number().positive(),
    }),
    conditioning: z.strictObject({
      depthRange: z.tuple([z.literal(0), z.literal(1)]),
      features: z.array(feature).min(1),
      contextDim: z.int().positive().nullable(),
    }),
    schedule,
    sampler: z.strictObject({
      name: z.enum(['ddim', 'dpmpp_2m']),
      steps: z.int().positive(),
      eta: z.number().min(0).max(1),
    }),
    graphs: z.strictObject({ xrayEncoder: graph, denoiser: graph, decoder: graph }),
  })
  .superRefine((manifest, context) => {
    const { features } = manifest.conditioning;
    features.forEach(({ name, levels }, index) => {
      const known = FEATURES.find((candidate) => candidate.code === name)!;
      const path = ['conditioning', 'features', index];
      if (levels !== known.levels) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'levels'],
          message: `is ${levels}, but ${name} has ${known.levels} grades`,
        });
      }
      if (features.findIndex((other) => other.name === name) !== index) {
        context.addIssue({ code: 'custom', path: [...path, 'name'], message: `is '${name}', which is there twice` });
      }
    });
    if (manifest.sampler.steps > manifest.schedule.trainSteps) {
      const message = `is ${manifest.sampler.steps}, more than the ${manifest.schedule.trainSteps} training steps`;
      context.addIssue({ code: 'custom', path: ['sampler', 'steps'], message });
    }
  });

const kneeDetectorManifest = z
  .strictObject({
    ...common,
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
    graphs: z.strictObject({ detector: graph }),
  })
  .refine(({ film, detector: { stride } }) => film.rows % stride === 0 && film.columns % stride === 0, {
    path: ['detector', 'stride'],
    error: 'does not divide the rows and columns of the film',
  });

/** bundle.json of design section 7. Prose keys are free-form inside; everything the platform computes with is strict. */
export const manifestSchema = z.discriminatedUnion('task', [generationManifest, kneeDetectorManifest]);

/** The manifest of a generator, or of the task named (`Task`: of any). */
export type BundleManifest<T extends Task = 'xray-to-mri'> = Extract<z.infer<typeof manifestSchema>, { task: T }>;

/** What a manifest says of one of its graphs. */
export type GraphSpec = z.infer<typeof graph>;

/** The graph of a role, which the manifest's task must have. */
export function graphOf(manifest: BundleManifest<Task>, role: GraphRole): GraphSpec {
  return (manifest.graphs as Partial<Record<GraphRole, GraphSpec>>)[role]!;
}

/** Tensors of one graph. */
export interface GraphTensors {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}

/**
 * The tensors that a graph of this manifest must have, by role (the table of design section 7). `context` is there when
 * the bundle has a context dimension.
 */
export function requiredTensors(manifest: BundleManifest<Task>): Partial<Record<GraphRole, GraphTensors>> {
  return manifest.task === 'xray-to-mri' ? generationTensors(manifest) : kneeDetectorTensors(manifest);
}

function kneeDetectorTensors({
  film: { rows, columns },
  detector: { stride },
}: BundleManifest<'knee-detection'>): Record<RoleOf<'knee-detection'>, GraphTensors> {
  const [down, across] = [rows / stride, columns / stride];
  return {
    detector: {
      inputs: [floatTensor('film', ['B', 1, rows, columns])],
      outputs: [floatTensor('heatmap', ['B', 1, down, across]), floatTensor('boxes', ['B', 3, down, across])],
    },
  };
}

function generationTensors(manifest: BundleManifest<'xray-to-mri'>): Record<RoleOf<'xray-to-mri'>, GraphTensors> {
  const { channels, size } = manifest.latent;
  const latentShape = ['B', channels, size, size];
  const imageShape = ['B', manifest.image.channels, manifest.image.size, manifest.image.size];
  const { contextDim, features } = manifest.conditioning;
  const context = contextDim === null ? [] : [floatTensor('context', ['B', 'K', contextDim])];
  return {
    xrayEncoder: {
      inputs: [floatTensor('xray', imageShape)],
      outputs: [floatTensor('latent', latentShape), ...context],
    },
    denoiser: {
      inputs: [
        floatTensor('sample', latentShape),
        floatTensor('timestep', ['B']),
        floatTensor('xray_latent', latentShape),
        floatTensor('depth', ['B']),
        floatTensor('features', ['B', featureLength(features)]),
        ...context,
      ],
      outputs: [floatTensor('prediction', latentShape)],
    },
    decoder: {
      inputs: [floatTensor('latent', latentShape)],
      outputs: [floatTensor('image', imageShape)],
    },
  };
}

function floatTensor(name: string, shape: (number | string)[]): TensorSpec {
  return { name, type: 'float32', shape };
}
