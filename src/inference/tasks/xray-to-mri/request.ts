import { UserError } from '../../../domain/errors.js';
import type { Grades } from '../../../domain/features.js';
import { FEATURES, isFeatureCode } from '../../../domain/features.js';
import { GRADE_GUIDANCE_RANGE, NOISE_MODES, SLICE_COUNT_RANGE } from '../../../domain/generations.js';
import type { NoiseMode } from '../../../domain/generations.js';
import type { Device } from '../../devices.js';
import type { TaskRequest } from '../task.js';
import type { XraySize } from './manifest.js';
import { SAMPLERS } from '../../sampler.js';
import type { SamplerName } from '../../sampler.js';

/** One volume to generate. Equal requests give equal volumes on one device, whatever `skip` leaves out. */
export interface VolumeRequest extends TaskRequest {
  /**
   * Preprocessed radiograph y in [-1, 1], canonical orientation (looks like a right knee): channel after channel, in the size that
   * the bundle's manifest names ({@link xraySize}).
   */
  xray: Float32Array;
  /** Features r; missing or null = not read. */
  grades: Grades;
  /**
   * How strongly the grades pull, {@link GRADE_GUIDANCE_RANGE}; default 1: as trained. 0 leaves them out; above 1 goes beyond what the
   * bundle draws by itself, at twice the cost.
   */
  gradeGuidance?: number;
  /** Slices of the whole volume, {@link SLICE_COUNT_RANGE}. */
  sliceCount: number;
  /** Denoiser steps asked for, 1 to the bundle's training steps; default: the bundle's. */
  steps?: number;
  /** DDIM's eta, 0-1; default: the bundle's (0 with DPMPP_2M). */
  eta?: number;
  /** Default: the bundle's. */
  sampler?: SamplerName;
  /** Safe integer >= 0. */
  seed: number;
  /** One initial latent for every depth (Algorithm 2), or one for each. */
  noise: NoiseMode;
  /** Indices of slices that are already there and must not be computed again. */
  skip?: readonly number[];
  /**
   * Slices per denoiser call, 1-64; default: {@link defaultBatchSize}. Changes speed and memory; slices too, in the last bit, if a
   * graph's kernels depend on the number of rows (those of the shipped bundles do not).
   */
  batchSize?: number;
}

/** A finished slice. */
export interface GeneratedSlice {
  index: number;
  /** Posterior 0 - anterior 1. */
  depth: number;
  /** Rows and columns of the image. */
  size: number;
  /** `size` x `size` in [0, 1], canonical orientation: mirror it back for a left knee. */
  image: Float32Array;
}

/** The denoiser has finished `step` of `steps` for a batch of slices, `firstSlice` to `lastSlice` (skipped ones between them excepted). */
export interface StepProgress {
  firstSlice: number;
  lastSlice: number;
  step: number;
  steps: number;
}

/** What a finished generation reports. */
export interface VolumeSummary {
  /** The provider that ran it. */
  device: Device;
  /** Denoiser evaluations behind each slice: the true length of the grid, which `ldm` makes shorter than the steps asked for. */
  denoiserEvaluations: number;
  /** Slices computed by this call; the skipped ones are not among them. */
  computedSlices: number;
  /** Wall time of this call, loading of the bundle excluded. */
  durationMs: number;
  /** Wall time in each graph, sampler arithmetic excluded. */
  timings: { encoder: number; denoiser: number; decoder: number; refiner?: number };
}

/** Batches above this size gain nothing on a CPU and cost memory. */
export const MAX_DEFAULT_BATCH = 10;
const MAX_BATCH = 64;

/**
 * Slices per denoiser call unless the request says otherwise: the volume in equal batches. It depends on the whole volume
 * alone, never on how many slices are still missing.
 */
export function defaultBatchSize(sliceCount: number): number {
  return Math.ceil(sliceCount / Math.ceil(sliceCount / MAX_DEFAULT_BATCH));
}

/**
 * Checks everything in a request that does not depend on the bundle.
 *
 * @throws UserError BAD_USER_INPUT naming the field, its value and what is accepted
 */
export function checkRequest(request: VolumeRequest): void {
  const { xray, sliceCount, seed, noise, sampler, batchSize, grades, skip, gradeGuidance = 1 } = request;
  if (!xray.every((value) => value >= -1 && value <= 1)) {
    refuse('The radiograph has a value that is not a number from -1 to 1.');
  }
  checkInteger('sliceCount', sliceCount, SLICE_COUNT_RANGE.min, SLICE_COUNT_RANGE.max);
  checkInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (batchSize !== undefined) checkInteger('batchSize', batchSize, 1, MAX_BATCH);
  const { min, max } = GRADE_GUIDANCE_RANGE;
  if (!(gradeGuidance >= min && gradeGuidance <= max)) {
    refuse(`gradeGuidance is ${gradeGuidance}; it must be a number from ${min} to ${max}.`);
  }
  if (!NOISE_MODES.includes(noise)) refuse(`noise is '${noise}'; accepted: ${NOISE_MODES.join(', ')}.`);
  if (sampler !== undefined && !SAMPLERS.includes(sampler)) {
    refuse(`sampler is '${sampler}'; accepted: ${SAMPLERS.join(', ')}.`);
  }
  for (const code of Object.keys(grades)) {
    if (!isFeatureCode(code)) {
      refuse(
        `'${code}' is not a radiographic feature; accepted: ${FEATURES.map((feature) => feature.code).join(', ')}.`,
      );
    }
  }
  for (const index of skip ?? []) checkInteger('A skipped slice', index, 0, sliceCount - 1);
}

/**
 * Checks the radiograph of a request against what its bundle takes.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function checkXray({ xray }: VolumeRequest, { rows, columns, channels }: XraySize): void {
  const wanted = channels * rows * columns;
  if (xray.length === wanted) return;
  const shape = `${channels === 1 ? '' : `${channels} x `}${rows} x ${columns}`;
  refuse(`The radiograph has ${xray.length} values; ${shape} = ${wanted} are needed.`);
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    refuse(`${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
  }
}

function refuse(sentence: string): never {
  throw new UserError('BAD_USER_INPUT', sentence);
}
