import type { GeneratedSlice, InferenceHost } from '../../src/inference/index.js';
import { startInferenceHost } from '../../src/inference/index.js';
import { hasSoftwareVulkan, unpackSoftwareVulkan } from '../helpers/software-vulkan.js';
import type { SoftwareVulkan } from '../helpers/software-vulkan.js';
import { TINY_BUNDLE, tinyRequest } from '../helpers/tiny-bundle.js';

const describeWithVulkan = hasSoftwareVulkan ? describe : describe.skip;

describeWithVulkan('the WebGPU provider, on a software Vulkan device', () => {
  let vulkan: SoftwareVulkan;
  beforeAll(async () => {
    vulkan = await unpackSoftwareVulkan();
  });
  afterAll(() => vulkan.remove());

  it('agrees with the cpu provider', async () => {
    const onCpu = await generate(await startInferenceHost({ device: 'cpu' }));
    const onGpu = await generate(await startInferenceHost({ device: 'webgpu', env: vulkan.env }));
    expect([onCpu.device, onGpu.device]).toEqual(['cpu', 'webgpu']);
    onGpu.slices.forEach(({ image }, index) => {
      expect(largestDifference(image, onCpu.slices[index]!.image)).toBeLessThan(1e-4);
    });
    expect(onGpu.slices).toHaveLength(3);
  });

  it('is not what auto takes, because software is slower than the cpu', async () => {
    const host = await startInferenceHost({ device: 'auto', env: vulkan.env });
    expect(await host.describe(TINY_BUNDLE)).toMatchObject({ device: 'cpu' });
    await host.close();
  });
});

describe('without any Vulkan driver', () => {
  it('auto falls back to the cpu', async () => {
    const host = await startInferenceHost({ device: 'auto', env: { VK_DRIVER_FILES: '/nonexistent.json' } });
    expect(await host.describe(TINY_BUNDLE)).toMatchObject({ device: 'cpu' });
    await host.close();
  });

  it('asking for webgpu says that this machine has none', async () => {
    const host = await startInferenceHost({ device: 'webgpu', env: { VK_DRIVER_FILES: '/nonexistent.json' } });
    await expect(host.describe(TINY_BUNDLE)).rejects.toThrow(
      /^The device webgpu cannot run on this machine: Failed to get a WebGPU adapter: .*\.$/,
    );
    await host.close();
  });
});

async function generate(host: InferenceHost): Promise<{ device: string; slices: GeneratedSlice[] }> {
  const slices: GeneratedSlice[] = [];
  const request = tinyRequest({ sliceCount: 3, steps: 2, batchSize: 3 });
  const { device } = await host.run('xray-to-mri', request, { onOutput: (slice) => void slices.push(slice) });
  await host.close();
  return { device, slices };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0);
}
