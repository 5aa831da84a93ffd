import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { getPriority } from 'node:os';
import type { GeneratedSlice, InferenceHost, StepProgress, VolumeRequest } from '../../src/inference/index.js';
import { InferenceProcessDied, startInferenceHost } from '../../src/inference/index.js';
import { BundleCopy, TINY_BUNDLE, tinyRequest } from '../helpers/tiny-bundle.js';

let host: InferenceHost;
beforeEach(async () => {
  host = await startInferenceHost({ device: 'cpu', threads: 1 });
});
afterEach(() => host.close());

describe('the inference process', () => {
  it('describes a bundle', async () => {
    expect(await host.describe(TINY_BUNDLE)).toMatchObject({
      dir: TINY_BUNDLE,
      device: 'cpu',
      manifest: { name: 'tiny-bundle' },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
  });

  it('hands out steps and slices in order, and a summary', async () => {
    const { slices, steps, summary } = await generate({ batchSize: 3 });
    expect(slices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(slices[0]!.image).toHaveLength(65_536);
    expect(steps).toHaveLength(12);
    expect(summary).toMatchObject({ device: 'cpu', denoiserEvaluations: 4, computedSlices: 7 });
    const { encoder, denoiser, decoder } = summary.timings;
    expect(encoder + denoiser + decoder).toBeLessThanOrEqual(summary.durationMs);
  });

  it('runs calls one after another', async () => {
    const [first, second] = await Promise.all([generate({}), generate({})]);
    expect(second.slices).toHaveLength(first.slices.length);
  });

  it('has a low priority', () => {
    expect(getPriority(host.pid)).toBe(Math.max(getPriority(), 10));
  });

  it('leaves the event loop of its parent free', async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const { summary } = await generate({ sliceCount: 60, steps: 30 });
    clearInterval(timer);
    expect(longest).toBeLessThan(summary.durationMs / 2);
  });
});

describe('faults keep their kind across the process border', () => {
  it('a bad request is refused before anything is sent', async () => {
    await expect(generate({ sliceCount: 1 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('a request that the bundle cannot carry out', async () => {
    await expect(generate({ steps: 2001 })).rejects.toMatchObject({
      name: 'UserError',
      code: 'BAD_USER_INPUT',
      message: 'steps is 2001; it must be a whole number from 1 to 2000.',
    });
  });

  it('a refused bundle, which may be repaired and asked for again', async () => {
    const copy = await BundleCopy.make();
    try {
      await copy.edit((manifest) => Object.assign(manifest.schedule, { spacing: 'karras' }));
      await expect(host.describe(copy.dir)).rejects.toMatchObject({ name: 'UserError', code: 'BUNDLE_REFUSED' });
      await copy.edit((manifest) => Object.assign(manifest.schedule, { spacing: 'trailing' }));
      expect(await host.describe(copy.dir)).toMatchObject({ device: 'cpu' });
    } finally {
      await copy.remove();
    }
  });

  it('a device that this machine does not have', async () => {
    const other = await startInferenceHost({ device: 'cuda' });
    const result = other.describe(TINY_BUNDLE);
    await expect(result).rejects.toMatchObject({ name: 'UserError', code: 'UNAVAILABLE' });
    await expect(result).rejects.toThrow('The device cuda cannot run on this machine: ');
    await other.close();
  });
});

describe('one bundle per process', () => {
  it('is kept between calls, and exchanged together with the process', async () => {
    await host.describe(TINY_BUNDLE);
    const first = host.pid;
    await generate({});
    expect(host.pid).toBe(first);
    const copy = await BundleCopy.make();
    try {
      await host.describe(copy.dir);
      const second = host.pid;
      expect(second).not.toBe(first);
      await copy.edit((manifest) => (manifest.sampler.steps = 3));
      expect(await host.describe(copy.dir)).toMatchObject({ manifest: { sampler: { steps: 3 } } });
      expect(host.pid).not.toBe(second);
    } finally {
      await copy.remove();
    }
  });
});

describe('cancellation', () => {
  it('stops within one denoiser step, and the process serves the next call', async () => {
    const abort = new AbortController();
    const pid = host.pid;
    const after: number[] = [];
    const run = host.run('xray-to-mri', tinyRequest({ steps: 2000 }), {
      signal: abort.signal,
      onProgress: ({ step }) => {
        if (abort.signal.aborted) after.push(step);
        else if (step === 5) abort.abort(new Error('not wanted any more'));
      },
    });
    await expect(run).rejects.toThrow('not wanted any more');
    // Steps that were under way or on the wire when the signal fired; far from the 1995 that were left.
    expect(after.length).toBeLessThan(100);
    expect((await generate({})).slices).toHaveLength(7);
    expect(host.pid).toBe(pid);
  });

  it('of a call that waits for its turn does not wait', async () => {
    const blocker = new AbortController();
    const busy = host.run('xray-to-mri', tinyRequest({ sliceCount: 500, steps: 2000 }), { signal: blocker.signal });
    await expect(
      host.run('xray-to-mri', tinyRequest(), { signal: AbortSignal.abort(new Error('never mind')) }),
    ).rejects.toThrow('never mind');
    blocker.abort(new Error('done'));
    await expect(busy).rejects.toThrow('done');
  });

  it('follows from a slice that could not be taken', async () => {
    const taken: number[] = [];
    const run = host.run('xray-to-mri', tinyRequest({ batchSize: 1 }), {
      onOutput: ({ index }) => {
        if (index === 2) return Promise.reject(new Error('the disk is full'));
        taken.push(index);
        return undefined;
      },
    });
    await expect(run).rejects.toThrow('the disk is full');
    expect(taken).toEqual([0, 1]);
  });
});

describe('death', () => {
  it('rejects the call clearly; the next call gets a new process and, with skip, the rest of the same volume', async () => {
    const whole = await generate({ noise: 'PER_SLICE', batchSize: 1 });
    const before: GeneratedSlice[] = [];
    const run = host.run('xray-to-mri', tinyRequest({ noise: 'PER_SLICE', batchSize: 1 }), {
      onOutput: (slice) => {
        before.push(slice);
        if (slice.index === 3) process.kill(host.pid!, 'SIGKILL');
      },
    });
    await expect(run).rejects.toThrow(InferenceProcessDied);
    await expect(run).rejects.toThrow('The inference process ended unexpectedly (signal SIGKILL).');
    const rest = await generate({ noise: 'PER_SLICE', batchSize: 1, skip: before.map(({ index }) => index) });
    const resumed = [...before, ...rest.slices];
    expect(resumed.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    resumed.forEach((slice, index) => expect(bytesOf(slice).equals(bytesOf(whole.slices[index]!))).toBe(true));
  });

  it('follows the death of the parent', async () => {
    const script = `
      const { startInferenceHost } = await import('./dist/src/inference/index.js');
      console.log((await startInferenceHost({ device: 'cpu' })).pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    parent.kill('SIGKILL');
    await once(parent, 'close');
    while ((await readdir('/proc')).includes(String(pid))) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('of the host is final', async () => {
    const run = host.run('xray-to-mri', tinyRequest({ steps: 2000 }), { onProgress: () => void host.close() });
    await expect(run).rejects.toThrow('The inference process was stopped by its owner.');
    await expect(generate({})).rejects.toThrow('The inference host is closed.');
    expect(host.pid).toBeUndefined();
  });
});

async function generate(changes: Partial<VolumeRequest>) {
  const slices: GeneratedSlice[] = [];
  const steps: StepProgress[] = [];
  const summary = await host.run('xray-to-mri', tinyRequest(changes), {
    onProgress: (progress) => steps.push(progress),
    onOutput: (slice) => void slices.push(slice),
  });
  return { slices, steps, summary };
}

function bytesOf({ image }: GeneratedSlice): Buffer {
  return Buffer.from(image.buffer);
}
