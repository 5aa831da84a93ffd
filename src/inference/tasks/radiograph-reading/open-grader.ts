import { readBundleFor } from '../../bundles/index.js';
import type { InferenceHost } from '../../host.js';
import type { Grading } from './grader.js';

/** A KL grader at work in an inference process. */
export interface KneeGrader {
  /** Rows and columns of its input. */
  readonly size: number;
  /** Distance above which a film is nothing that it can read. */
  readonly farthest: number;
  /** The bundle that reads. */
  readonly bundle: { name: string; version: string; sha256: string };
  /** Grades knees prepared as its input, in their order. */
  grade(films: readonly Float32Array[]): Promise<Grading[]>;
}

/**
 * Opens the KL grader in a folder. Its graph is loaded at the first film.
 *
 * @throws UserError BUNDLE_REFUSED
 */
export async function openGrader(host: Pick<InferenceHost, 'run'>, bundleDir: string): Promise<KneeGrader> {
  const { manifest, sha256 } = await readBundleFor(bundleDir, 'radiograph-reading');
  const { name, version, reading, film } = manifest;
  return {
    size: film.size,
    farthest: reading.farthest,
    bundle: { name, version, sha256 },
    grade: (films) => host.run('radiograph-reading', { bundleDir, films }),
  };
}
