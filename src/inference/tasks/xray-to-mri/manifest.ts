import { z } from 'zod';
import { FEATURES, isFeatureCode } from '../../../domain/features.js';
import type { FeatureCode } from '../../../domain/features.js';
import { checkFormat, commonKeys, diffusionSchedule, floatTensor, graphPart } from '../../manifest-parts.js';
import type { GraphTensors } from '../../manifest-parts.js';
import { featureLength } from './conditioning.js';

/** Roles of the graphs, in the order in which they run; a refiner need not be there. */
export const ROLES = ['xrayEncoder', 'denoiser', 'decoder', 'refiner'] as const;
export type Role = (typeof ROLES)[number];

/** Side of radiograph and slices, and shape of a latent, in format 1, which knew no others. */
const FORMAT_1 = { size: 256, latentChannels: 4, latentSize: 32 } as const;

const feature = z.strictObject({
  name: z.custom<FeatureCode>((value) => typeof value === 'string' && isFeatureCode(value), {
    error: (issue) => `is '${String(issue.input)}', which is not a radiographic feature this platform knows`,
  }),
  levels: z.int().positive(),
});

/** bundle.json of a generator of MRI volumes. */
export const manifestSchema = z
  .strictObject({
    ...commonKeys,
    task: z.literal('xray-to-mri'),
    /** The slices that the decoder gives: square, one channel. */
    image: z.strictObject({
      size: z.int().min(16).max(4096),
      channels: z.literal(1),
      valueRange: z.tuple([z.literal(-1), z.literal(1)]),
    }),
    /**
     * The radiograph that the encoder takes; absent: one channel of the image's size. A second channel is 1 where the first shows
     * the film at a size in mm that is known, 0 elsewhere.
     */
    xray: z
      .strictObject({
        rows: z.int().min(16).max(4096),
        columns: z.int().min(16).max(4096),
        channels: z.union([z.literal(1), z.literal(2)]),
      })
      .optional(),
    latent: z.strictObject({
      channels: z.int().positive(),
      size: z.int().positive(),
      scaleFactor: z.number().positive(),
      conditionScale: z.number().positive(),
    }),
    conditioning: z.strictObject({
      depthRange: z.tuple([z.literal(0), z.literal(1)]),
      features: z.array(feature).min(1),
      contextDim: z.int().positive().nullable(),
    }),
    schedule: diffusionSchedule,
    sampler: z.strictObject({
      name: z.enum(['ddim', 'dpmpp_2m']),
      steps: z.int().positive(),
      eta: z.number().min(0).max(1),
    }),
    graphs: z.strictObject({
      xrayEncoder: graphPart,
      denoiser: graphPart,
      decoder: graphPart,
      /** Goes over decoded slices with film, depth and grades at hand. */
      refiner: graphPart.optional(),
    }),
  })
  .superRefine((manifest, context) => {
    const { image, latent } = manifest;
    const others: [boolean, ...string[]][] = [
      [image.size !== FORMAT_1.size, 'image', 'size'],
      [latent.channels !== FORMAT_1.latentChannels, 'latent', 'channels'],
      [latent.size !== FORMAT_1.latentSize, 'latent', 'size'],
      [manifest.xray !== undefined, 'xray'],
      [manifest.schedule.kind !== undefined, 'schedule', 'kind'],
      [manifest.graphs.refiner !== undefined, 'graphs', 'refiner'],
    ];
    checkFormat(
      manifest,
      context,
      others.filter(([there]) => there).map(([, ...path]) => path),
    );
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
        context.addIssue({ code: 'custom', path: [...path, 'name'], message: `is '${name}', which is listed twice` });
      }
    });
    if (manifest.sampler.steps > manifest.schedule.trainSteps) {
      const message = `is ${manifest.sampler.steps}, more than the ${manifest.schedule.trainSteps} training steps`;
      context.addIssue({ code: 'custom', path: ['sampler', 'steps'], message });
    }
  });

export type Manifest = z.infer<typeof manifestSchema>;

/** The radiograph that a generator takes. */
export interface XraySize {
  rows: number;
  columns: number;
  channels: 1 | 2;
}

/** The radiograph that this generator takes. */
export function xraySize({ xray, image }: Pick<Manifest, 'xray' | 'image'>): XraySize {
  return xray ?? { rows: image.size, columns: image.size, channels: 1 };
}

/** The tensors of each graph that there is. `context` is there when the bundle has a context dimension. */
export function tensors(manifest: Manifest): Partial<Record<Role, GraphTensors>> {
  const { channels, size } = manifest.latent;
  const xray = xraySize(manifest);
  const latentShape = ['B', channels, size, size];
  const xrayShape = ['B', xray.channels, xray.rows, xray.columns];
  const imageShape = ['B', manifest.image.channels, manifest.image.size, manifest.image.size];
  const { contextDim, features } = manifest.conditioning;
  const placeAndGrades = [floatTensor('depth', ['B']), floatTensor('features', ['B', featureLength(features)])];
  const context = contextDim === null ? [] : [floatTensor('context', ['B', 'K', contextDim])];
  return {
    xrayEncoder: {
      inputs: [floatTensor('xray', xrayShape)],
      outputs: [floatTensor('latent', latentShape), ...context],
    },
    denoiser: {
      inputs: [
        floatTensor('sample', latentShape),
        floatTensor('timestep', ['B']),
        floatTensor('xray_latent', latentShape),
        ...placeAndGrades,
        ...context,
      ],
      outputs: [floatTensor('prediction', latentShape)],
    },
    decoder: {
      inputs: [floatTensor('latent', latentShape)],
      outputs: [floatTensor('image', imageShape)],
    },
    ...(manifest.graphs.refiner && {
      refiner: {
        inputs: [floatTensor('image', imageShape), floatTensor('xray', xrayShape), ...placeAndGrades],
        outputs: [floatTensor('refined', imageShape)],
      },
    }),
  };
}
