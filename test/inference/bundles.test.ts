import { cp, stat, mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBundle } from '../../src/inference/bundles/load.js';
import type { BundleManifest } from '../../src/inference/tasks/index.js';
import { listBundles, readBundle } from '../../src/inference/bundles/read.js';
import { BundleCopy, TINY_BUNDLE, TINY_CONTEXT_BUNDLE } from '../helpers/tiny-bundle.js';

let copy: BundleCopy;
beforeEach(async () => {
  copy = await BundleCopy.make();
});
afterEach(() => copy.remove());

describe('a sound bundle', () => {
  it('loads, with its device and an identity that follows its manifest', async () => {
    const loaded = await loadBundle(copy.dir, { device: 'cpu', threads: 1 });
    await loaded.release();
    expect(loaded).toMatchObject({ device: 'cpu', manifest: { name: 'tiny-bundle', version: '1.0.0' } });
    expect(loaded.sha256).toBe((await readBundle(TINY_BUNDLE)).sha256);
    const sizes = await Promise.all(Object.values(loaded.graphs).map(async (graph) => (await stat(graph)).size));
    expect(loaded.bytes).toBe(sizes.reduce((sum, size) => sum + size));
    await copy.edit((manifest) => (manifest.sampler.steps = 9));
    expect((await readBundle(copy.dir)).sha256).not.toBe(loaded.sha256);
  });
});

describe('a bundle with context', () => {
  it.each<[string, (manifest: BundleManifest) => unknown, string]>([
    [
      'another width',
      (m) => set(m.conditioning, 'contextDim', 7),
      "the manifest's output of the xrayEncoder graph 'context' is float32 [B, 16, 6] instead of float32 [B, K, 7]",
    ],
    [
      'none in the manifest',
      (m) => set(m.conditioning, 'contextDim', null),
      "its denoiser graph has the input 'context', which this platform does not feed",
    ],
  ])('is refused when it has %s', async (_name, change, sentence) => {
    await cp(TINY_CONTEXT_BUNDLE, copy.dir, { recursive: true });
    await copy.edit(change);
    await expectRefusal(sentence);
  });
});

describe('a bundle is refused in one sentence that says which part is wrong', () => {
  it('when its folder or manifest is missing', async () => {
    await unlink(join(copy.dir, 'bundle.json'));
    await expectRefusal('its bundle.json cannot be read (ENOENT)');
  });

  it('when its manifest is not JSON', async () => {
    await writeFile(join(copy.dir, 'bundle.json'), '{"format": ');
    await expectRefusal('its bundle.json is not valid JSON');
  });

  it('when a graph is missing', async () => {
    await unlink(join(copy.dir, 'denoiser.onnx'));
    await expectRefusal('its denoiser graph denoiser.onnx cannot be read (ENOENT)');
  });

  it('when a graph is truncated', async () => {
    const path = join(copy.dir, 'decoder.onnx');
    await writeFile(path, (await readFile(path)).subarray(0, 5000));
    await expectRefusal('the decoder graph decoder.onnx has sha256 ');
  });

  it('when a truncated graph has the right hash', async () => {
    const path = join(copy.dir, 'decoder.onnx');
    await writeFile(path, (await readFile(path)).subarray(0, 5000));
    await copy.edit((manifest) => (manifest.graphs.decoder.sha256 = '0'.repeat(64)));
    const actual = /has sha256 (\w+),/.exec(await refusal())![1]!;
    await copy.edit((manifest) => (manifest.graphs.decoder.sha256 = actual));
    await expectRefusal('its decoder graph decoder.onnx cannot be loaded by ONNX Runtime (');
  });

  it('when two graph files are swapped', async () => {
    await rename(join(copy.dir, 'decoder.onnx'), join(copy.dir, 'other.onnx'));
    await rename(join(copy.dir, 'xrayEncoder.onnx'), join(copy.dir, 'decoder.onnx'));
    await rename(join(copy.dir, 'other.onnx'), join(copy.dir, 'xrayEncoder.onnx'));
    await expectRefusal('the xrayEncoder graph xrayEncoder.onnx has sha256 ');
  });

  it('when two graphs are swapped together with their hashes', async () => {
    await copy.edit(({ graphs: { decoder, xrayEncoder } }) => {
      [decoder.file, xrayEncoder.file] = [xrayEncoder.file, decoder.file];
      [decoder.sha256, xrayEncoder.sha256] = [xrayEncoder.sha256, decoder.sha256];
    });
    await expectRefusal("its xrayEncoder graph has no input 'xray'; it has latent");
  });

  it.each<[string, (manifest: BundleManifest) => unknown, string]>([
    [
      'another format',
      (m) => set(m, 'format', 'osteograph-bundle/3'),
      'format is "osteograph-bundle/3"; accepted: osteograph-bundle/1, osteograph-bundle/2',
    ],
    ['no name', (m) => delete (m as Partial<BundleManifest>).name, 'name is missing'],
    [
      'an unknown task',
      (m) => set(m, 'task', 'mri-to-xray'),
      'task is "mri-to-xray"; accepted: xray-to-mri, knee-detection, radiograph-reading',
    ],
    ['an unknown key', (m) => set(m.schedule, 'clipSample', true), "schedule has the unknown key 'clipSample'"],
    [
      'an unknown beta schedule',
      (m) => set(m.schedule, 'betaSchedule', 'sigmoid'),
      'schedule.betaSchedule is "sigmoid"; accepted: linear, scaled_linear, squaredcos_cap_v2',
    ],
    [
      'an unknown spacing',
      (m) => set(m.schedule, 'spacing', 'karras'),
      'schedule.spacing is "karras"; accepted: trailing, leading, linspace, ldm',
    ],
    [
      'an unknown prediction type',
      (m) => set(m.schedule, 'predictionType', 'flow'),
      'schedule.predictionType is "flow"; accepted: v_prediction, epsilon, sample',
    ],
    ['an unknown sampler', (m) => set(m.sampler, 'name', 'euler'), 'sampler.name is "euler"; accepted: ddim, dpmpp_2m'],
    [
      'more sampler than training steps',
      (m) => set(m.sampler, 'steps', 2001),
      'sampler.steps is 2001, more than the 2000 training steps',
    ],
    [
      'an unknown feature',
      (m) => set(m.conditioning.features[0]!, 'name', 'XRXYZ'),
      "conditioning.features.0.name is 'XRXYZ', which is not a radiographic feature this platform knows",
    ],
    [
      'a feature twice',
      (m) => set(m.conditioning.features[2]!, 'name', 'XROSFM'),
      "conditioning.features.2.name is 'XROSFM', which is listed twice",
    ],
    [
      'a feature with other grades',
      (m) => set(m.conditioning.features[0]!, 'levels', 4),
      'conditioning.features.0.levels is 4, but XRKL has 5 grades',
    ],
    [
      'a missing feature',
      (m) => m.conditioning.features.pop(),
      "the manifest's input of the denoiser graph 'features' is float32 [B, 65] instead of float32 [B, 61]",
    ],
    [
      'a path out of its folder',
      (m) => set(m.graphs.decoder, 'file', '../decoder.onnx'),
      'graphs.decoder.file is "../decoder.onnx": must be the name of an .onnx file in the bundle folder',
    ],
    ['a scale factor of zero', (m) => set(m.latent, 'scaleFactor', 0), 'latent.scaleFactor is 0'],
    [
      'a tensor that the contract lacks',
      (m) => set(m.graphs.denoiser.inputs[1]!, 'name', 't'),
      "its manifest lists no input 'timestep' of the denoiser graph",
    ],
    [
      'a tensor that the graph lacks',
      (m) => m.graphs.denoiser.inputs.push({ name: 'sigma', type: 'float32', shape: ['B'] }),
      "its denoiser graph has no input 'sigma'; it has sample, timestep, xray_latent, depth, features",
    ],
    [
      'a wrong tensor shape',
      (m) => set(m.graphs.decoder.outputs[0]!, 'shape', ['B', 3, 256, 256]),
      "the manifest's output of the decoder graph 'image' is float32 [B, 3, 256, 256] instead of float32 [B, 1, 256, 256]",
    ],
    [
      'a wrong tensor type',
      (m) => set(m.graphs.decoder.outputs[0]!, 'type', 'int64'),
      'graphs.decoder.outputs.0.type is "int64"; accepted: float32',
    ],
    [
      'a context the graphs do not have',
      (m) => set(m.conditioning, 'contextDim', 8),
      "its manifest lists no output 'context' of the xrayEncoder graph",
    ],
  ])('when its manifest has %s', async (_name, change, sentence) => {
    await copy.edit(change);
    await expectRefusal(sentence);
  });

  it('when a size in the graph is not the one in the manifest', async () => {
    await copy.edit(({ conditioning, graphs }) => {
      conditioning.features.pop();
      graphs.denoiser.inputs.find(({ name }) => name === 'features')!.shape = ['B', 61];
    });
    await expectRefusal("the denoiser graph's input 'features' is float32 [B, 65] instead of float32 [B, 61]");
  });
});

describe('listBundles', () => {
  let models: string;
  beforeEach(async () => {
    models = await mkdtemp(join(tmpdir(), 'osteograph-models-'));
  });
  afterEach(() => rm(models, { recursive: true, force: true }));

  it('lists sound and refused bundles by name and version', async () => {
    for (const version of ['1.10.0', '1.9.0', '2.0.0']) {
      await cp(TINY_BUNDLE, join(models, 'tiny-bundle', version), { recursive: true });
    }
    for (const version of ['1.10.0', '1.9.0']) {
      const path = join(models, 'tiny-bundle', version, 'bundle.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"version": "1.0.0"', `"version": "${version}"`));
    }
    await mkdir(join(models, 'unfinished', '0.1.0'), { recursive: true });
    const listings = await listBundles(models);
    const summaries = listings.map((one) => ('bundle' in one ? one.bundle.manifest.version : one.refusal.message));
    expect(summaries).toEqual([
      '1.9.0',
      '1.10.0',
      expect.stringContaining('its manifest names tiny-bundle 1.0.0, which is not the folder it lies in'),
      expect.stringContaining('its bundle.json cannot be read (ENOENT)'),
    ]);
  });

  it('finds nothing in a folder that does not exist', async () => {
    expect(await listBundles(join(models, 'none'))).toEqual([]);
  });
});

/** Writes a value that the types would not allow. */
function set(target: object, key: string, value: unknown): void {
  Object.assign(target, { [key]: value });
}

async function expectRefusal(sentence: string): Promise<void> {
  const message = await refusal();
  expect(message).toContain(`The bundle in ${copy.dir} is refused: ${sentence}`);
  expect(message).not.toContain('\n');
  expect(message).toMatch(/\.$/);
}

async function refusal(): Promise<string> {
  const result = await loadBundle(copy.dir, { device: 'cpu', threads: 1 }).catch((error: unknown) => error);
  expect(result).toMatchObject({ name: 'UserError', code: 'BUNDLE_REFUSED' });
  return (result as Error).message;
}
