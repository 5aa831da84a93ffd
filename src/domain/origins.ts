import type { CodeVersion } from './package.js';

/** A file that a generation was made from, as it was when it was read. */
export interface SourceFile {
  /** Lower-case hex digest of the stored bytes. */
  sha256: string;
  /** OAI's barcode, where it has one. */
  barcode: string | null;
}

/** One start of a generation. What a crash has cut off is missing. */
export interface AttemptOrigin {
  attempt: number;
  worker: string;
  code: CodeVersion;
  /** Version of Node.js. */
  node: string;
  device?: string;
  /** Slices that this attempt computed; others come from attempts before. */
  computedSlices?: number;
  /** Milliseconds in each network, by its role, and of the whole computation: `total`. */
  timings?: Readonly<Record<string, number>>;
}

/** What a generation was made from and with, beside what its request says. */
export interface GenerationOrigin {
  film?: SourceFile;
  /** The series that another one was made from. */
  series?: SourceFile;
  /** The real series that the scores compare with; null where there is none. */
  reference?: SourceFile | null;
  /** Who found the knee on the film; null when the request said where it is, or outlines drawn by rule found it. */
  kneeDetector?: { name: string; version: string; sha256: string } | null;
  /** SHA-256 of the mask that said what is hidden, where one did. */
  mask?: string;
  /** In order; the last one finished the result. */
  attempts: AttemptOrigin[];
}
