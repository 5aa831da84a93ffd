import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { BundleManifest } from '../../src/inference/tasks/index.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import type { VolumeRequest } from '../../src/inference/tasks/xray-to-mri/request.js';

/** A bundle of the real contract with tiny random networks, made by test/golden/tiny_bundle.py: a volume takes milliseconds. */
export const TINY_BUNDLE = join(packageRoot, 'test/golden/tiny-bundle');

/** The same with the optional context between radiograph encoder and denoiser. */
export const TINY_CONTEXT_BUNDLE = join(packageRoot, 'test/golden/tiny-context-bundle');

const radiograph = gaussianNoise(5, 0, 0, 256 * 256).map((value) => Math.min(Math.max(Math.fround(value / 3), -1), 1));

/** The radiograph of the golden cases: noise cut to [-1, 1]. */
export function noiseRadiograph(): Float32Array {
  return radiograph.slice();
}

/** A small valid request for the tiny bundle. */
export function tinyRequest(changes: Partial<VolumeRequest> = {}): VolumeRequest {
  return {
    bundleDir: TINY_BUNDLE,
    xray: noiseRadiograph(),
    grades: { XRKL: 2 },
    sliceCount: 7,
    steps: 4,
    seed: 7,
    noise: 'SHARED',
    ...changes,
  };
}

/** Puts a copy of the tiny bundle into a models folder under another name. */
export async function addTinyBundle(modelsDir: string, name: string): Promise<void> {
  const dir = join(modelsDir, name, '1.0.0');
  await cp(TINY_BUNDLE, dir, { recursive: true });
  const path = join(dir, 'bundle.json');
  await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), name }));
}

/** A temporary copy of the tiny bundle that a test may damage. */
export class BundleCopy {
  private constructor(readonly dir: string) {}

  static async make(): Promise<BundleCopy> {
    const dir = await mkdtemp(join(tmpdir(), 'osteograph-bundle-'));
    await cp(TINY_BUNDLE, dir, { recursive: true });
    return new BundleCopy(dir);
  }

  /** Rewrites bundle.json. */
  async edit(change: (manifest: BundleManifest) => void): Promise<void> {
    const path = join(this.dir, 'bundle.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as BundleManifest;
    change(manifest);
    await writeFile(path, JSON.stringify(manifest));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
