/** What a task is to the kind of work `generation`: the interface that every folder beside this file fills. */
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Bundle, Generation } from '../../../entities/index.js';
import type { SlotResources } from '../../../scheduling/index.js';
import type { Completion, Lease } from '../../../work/index.js';
import type { GenerationEventBody } from '../events.js';
import type { AttemptTelemetry } from '../telemetry.js';
import type { ForCohort } from './cohort.js';

/** What one attempt at a generation is given, whatever its task. */
export interface TaskAttempt extends SlotResources {
  dataSource: DataSource;
  logger: Logger;
  telemetry: AttemptTelemetry;
  /** As it was just claimed, with its bundle. */
  generation: Generation;
  /** Folder of the bundle, which is loaded. */
  bundleDir: string;
  /** The only way in which the attempt writes, and the signal that tells it to stop. */
  lease: GenerationLease;
}

export type GenerationLease = Lease<Generation, GenerationEventBody>;
export type GenerationCompletion = Completion<Generation, GenerationEventBody>;
export type MadeBy = Pick<Bundle, 'name' | 'version' | 'sha256'>;

/** A task that makes something, as generations are made. */
export interface GeneratingTask {
  /** Most bytes that a generation stores. */
  bytesOf(generation: Generation): number;
  /** What it was told, defaults filled in, and what it has found for itself: for the API, in its words. */
  parametersOf(generation: Generation): Readonly<Record<string, unknown>>;
  /**
   * What decides every value of the result beside bundle, code, film and device: the same recipe gives the same result. It holds nothing of
   * who asked, when, or how often it was tried.
   */
  recipeOf(generation: Generation, bundle: MadeBy): Recorded;
  /** What it makes of a batch's request; null for a task that makes nothing of a cohort. @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED */
  forCohort: ForCohort | null;
  /** One attempt, from wherever earlier ones have left it. */
  run(attempt: TaskAttempt): Promise<GenerationCompletion>;
}

/** What is on record of how something was made. */
export type Recorded = { synthetic: true; bundle: MadeBy } & Readonly<Record<string, unknown>>;
