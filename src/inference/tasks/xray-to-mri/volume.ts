import { setImmediate as nextTurn } from 'node:timers/promises';
import { sliceDepths } from '../../../domain/generations.js';
import type { FloatTensor, Graph } from '../../backend.js';
import { gaussianNoise } from '../../noise.js';
import { applyStep, planSampler } from '../../sampler.js';
import type { SamplerName, SamplerStep } from '../../sampler.js';
import { samplingGrid } from '../../schedule.js';
import type { OpenBundle, TaskHooks } from '../task.js';
import { featureVector } from './conditioning.js';
import { type Manifest, type Role, xraySize } from './manifest.js';
import { checkRequest, checkXray, defaultBatchSize } from './request.js';
import type { GeneratedSlice, StepProgress, VolumeRequest, VolumeSummary } from './request.js';

/** Slices that run through the denoiser together. */
interface Batch {
  /** The slices wanted from it, ascending. */
  missing: readonly number[];
  /** The slice that each row computes. */
  slicesOfRows: readonly number[];
}

/**
 * Algorithm 2 of the paper, batched: for each depth, denoise from Gaussian noise under (radiograph, depth, features), decode, and
 * refine where the bundle has a graph for it.
 *
 * Slice i always has row (i mod rows) of batch (i div rows), whichever slices are missing; rows without a missing slice are
 * filled with copies. A graph therefore sees one shape, and a slice's numbers depend on nothing but the request and its
 * index, even where a kernel treats the rows of a batch differently in the last bit.
 *
 * @throws UserError BAD_USER_INPUT for a request this bundle cannot carry out
 */
export async function generateVolume(
  bundle: OpenBundle<Manifest, Role>,
  request: VolumeRequest,
  hooks: TaskHooks<GeneratedSlice, StepProgress>,
): Promise<VolumeSummary> {
  const { manifest, sessions } = bundle;
  const { rows: xrayRows, columns: xrayColumns, channels: xrayChannels } = xraySize(manifest);
  checkRequest(request);
  checkXray(request, xraySize(manifest));
  const start = performance.now();
  const timings: VolumeSummary['timings'] = { encoder: 0, denoiser: 0, decoder: 0 };
  const plan = samplerPlan(manifest, request);
  const features = featureVector(manifest.conditioning.features, request.grades);
  const guidance = request.gradeGuidance ?? 1;
  const depths = sliceDepths(request.sliceCount);
  const rows = request.batchSize ?? defaultBatchSize(request.sliceCount);
  const featureRows = repeatRows({ data: features, dims: [1, features.length] }, rows);
  const batches = missingBatches(request, rows);

  let delivery = Promise.resolve();
  const condition = batches.length > 0 ? await encodeRadiograph() : {};
  for (const batch of batches) {
    const latents = await denoise(batch, condition);
    const slices = await decode(batch, latents);
    await delivery;
    delivery = hooks.onOutputs(slices);
    // A failure is met at the next await; until then it must not count as unhandled.
    delivery.catch(() => undefined);
  }
  await delivery;
  return {
    device: bundle.device,
    denoiserEvaluations: plan.length,
    computedSlices: batches.flatMap(({ missing }) => missing).length,
    durationMs: performance.now() - start,
    timings,
  };

  /** The radiograph's tensors, once per row of a batch. */
  async function encodeRadiograph(): Promise<Record<string, FloatTensor>> {
    const xray = { data: request.xray, dims: [1, xrayChannels, xrayRows, xrayColumns] };
    const encoded = await run('encoder', sessions.xrayEncoder, { xray });
    const latent = encoded['latent']!;
    const scaled = latent.data.map((value) => value * manifest.latent.conditionScale);
    const condition: Record<string, FloatTensor> = {
      xray_latent: repeatRows({ data: scaled, dims: latent.dims }, rows),
    };
    if (manifest.conditioning.contextDim !== null) condition['context'] = repeatRows(encoded['context']!, rows);
    return condition;
  }

  /** Latents of a batch after the last step, divided by the scale factor: what the decoder takes. */
  async function denoise(batch: Batch, condition: Record<string, FloatTensor>): Promise<FloatTensor> {
    const { channels, size } = manifest.latent;
    const dims = [rows, channels, size, size];
    const { missing, slicesOfRows } = batch;
    const depth = depthRows(batch);
    const sample = noiseRows(slicesOfRows, 0);
    const clean = plan.some((step) => step.history !== 0) ? new Float32Array(sample.length) : undefined;
    for (const [index, step] of plan.entries()) {
      const timestep = { data: new Float32Array(rows).fill(step.timestep), dims: [rows] };
      const inputs = { sample: { data: sample, dims }, timestep, depth, ...condition };
      const prediction = await guided(
        async (features) => (await run('denoiser', sessions.denoiser, { ...inputs, features })).prediction!,
        featureRows,
        guidance,
      );
      const noise = step.noise === 0 ? undefined : noiseRows(slicesOfRows, index + 1);
      applyStep(step, sample, prediction.data, clean, noise);
      hooks.onProgress({ firstSlice: missing[0]!, lastSlice: missing.at(-1)!, step: index + 1, steps: plan.length });
    }
    return { data: sample.map((value) => value / manifest.latent.scaleFactor), dims };
  }

  async function decode(batch: Batch, latent: FloatTensor): Promise<GeneratedSlice[]> {
    const { image: decoded } = await run('decoder', sessions.decoder, { latent });
    const image = manifest.graphs.refiner ? await refine(batch, decoded!) : decoded!;
    const { size } = manifest.image;
    return batch.missing.map((index) => {
      const pixels = unitImage(image, { row: index % rows, length: size * size, slice: index });
      return { index, depth: depths[index]!, size, image: pixels };
    });
  }

  /** Decoded slices gone over with the film, the depth and the grades; what the grades add is pulled as in the denoiser. */
  function refine(batch: Batch, image: FloatTensor): Promise<FloatTensor> {
    const xray = repeatRows({ data: request.xray, dims: [1, xrayChannels, xrayRows, xrayColumns] }, rows);
    const inputs = { image, xray, depth: depthRows(batch) };
    return guided(
      async (features) => (await run('refiner', sessions.refiner, { ...inputs, features })).refined!,
      featureRows,
      guidance,
    );
  }

  function depthRows({ slicesOfRows }: Batch): FloatTensor {
    return { data: Float32Array.from(slicesOfRows, (slice) => depths[slice]!), dims: [rows] };
  }

  /** Noise of one step for every row; a shared one is drawn as slice 0's. */
  function noiseRows(slicesOfRows: readonly number[], step: number): Float32Array {
    const { channels, size } = manifest.latent;
    const length = channels * size * size;
    const rowsOfNoise = new Float32Array(rows * length);
    const drawn = new Map<number, Float32Array>();
    slicesOfRows.forEach((slice, row) => {
      const key = request.noise === 'SHARED' ? 0 : slice;
      const noise = drawn.get(key) ?? gaussianNoise(request.seed, key, step, length);
      drawn.set(key, noise);
      rowsOfNoise.set(noise, row * length);
    });
    return rowsOfNoise;
  }

  async function run(part: keyof typeof timings, graph: Graph, inputs: Record<string, FloatTensor>) {
    // A graph blocks this thread while it runs: requests to cancel arrive only in a turn of the event loop between two runs.
    await nextTurn();
    hooks.signal.throwIfAborted();
    const began = performance.now();
    const outputs = await graph.run(inputs);
    const took = performance.now() - began;
    timings[part] = (timings[part] ?? 0) + took;
    const rowsRun = part === 'encoder' ? 1 : rows;
    hooks.onRun?.({ graph: part, device: bundle.device, rows: rowsRun, seconds: took / 1_000 });
    return outputs;
  }
}

/**
 * The prediction under these features, pulled by `guidance` away from the one that knows no grade (Ho and Salimans 2022):
 * `without + guidance * (with - without)`.
 */
async function guided(
  predict: (features: FloatTensor) => Promise<FloatTensor>,
  features: FloatTensor,
  guidance: number,
): Promise<FloatTensor> {
  if (guidance === 1) return predict(features);
  const without = await predict({ data: new Float32Array(features.data.length), dims: features.dims });
  if (guidance === 0) return without;
  const { data, dims } = await predict(features);
  return { data: data.map((value, index) => without.data[index]! + guidance * (value - without.data[index]!)), dims };
}

function samplerPlan(manifest: Manifest, request: VolumeRequest): SamplerStep[] {
  const { schedule, sampler } = manifest;
  const name: SamplerName = request.sampler ?? (sampler.name === 'ddim' ? 'DDIM' : 'DPMPP_2M');
  const eta = request.eta ?? (name === 'DDIM' ? sampler.eta : 0);
  return planSampler(name, samplingGrid(schedule, request.steps ?? sampler.steps), schedule.predictionType, eta);
}

function missingBatches({ sliceCount, skip = [] }: VolumeRequest, rows: number): Batch[] {
  const done = new Set(skip);
  const batches: Batch[] = [];
  for (let first = 0; first < sliceCount; first += rows) {
    const slots = Array.from({ length: rows }, (_, row) => first + row);
    const isMissing = (slice: number) => slice < sliceCount && !done.has(slice);
    const missing = slots.filter(isMissing);
    const slicesOfRows = slots.map((slice) => (isMissing(slice) ? slice : missing[0]!));
    if (missing.length > 0) batches.push({ missing, slicesOfRows });
  }
  return batches;
}

/** A tensor of one row as one of `rows` equal rows. */
function repeatRows({ data, dims }: FloatTensor, rows: number): FloatTensor {
  const repeated = new Float32Array(rows * data.length);
  for (let row = 0; row < rows; row++) repeated.set(data, row * data.length);
  return { data: repeated, dims: [rows, ...dims.slice(1)] };
}

/** One row of the decoder's output, from [-1, 1] to [0, 1]. */
function unitImage(
  { data }: FloatTensor,
  { row, length, slice }: { row: number; length: number; slice: number },
): Float32Array {
  const image = new Float32Array(length);
  // Not a number in one pixel is not a number in the sum.
  let sum = 0;
  for (let pixel = 0; pixel < length; pixel++) {
    const value = Math.min(Math.max((data[row * length + pixel]! + 1) / 2, 0), 1);
    image[pixel] = value;
    sum += value;
  }
  if (Number.isNaN(sum)) throw new Error(`The decoder returned values that are not numbers for slice ${slice}.`);
  return image;
}
