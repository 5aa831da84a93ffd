import type { AttemptOrigin, GenerationOrigin } from '../../domain/origins.js';
import { codeVersion } from '../../domain/package.js';
import type { Generation } from '../../entities/index.js';
import type { MadeBy } from './tasks/task.js';

/** The origin of a generation with an attempt that begins now. */
export function withAttempt(origin: GenerationOrigin | null, attempt: number, worker: string): GenerationOrigin {
  const begun: AttemptOrigin = { attempt, worker, code: codeVersion(), node: process.version };
  return { ...origin, attempts: [...(origin?.attempts ?? []), begun] };
}

/** The origin of a generation with what its newest attempt has come to. */
export function withOutcome(origin: GenerationOrigin, outcome: Partial<AttemptOrigin>): GenerationOrigin {
  return { ...origin, attempts: [...origin.attempts.slice(0, -1), { ...origin.attempts.at(-1)!, ...outcome }] };
}

/** What decides a result whatever its task: what made it, by which code, on which device, and of which film. */
export function decidedBy({ origin, device }: Generation, { name, version, sha256 }: MadeBy) {
  const last = origin?.attempts.at(-1);
  return {
    synthetic: true as const,
    bundle: { name, version, sha256 },
    code: last?.code ?? null,
    film: origin?.film ?? null,
    device: last?.device ?? device,
  };
}

/** A recipe, and how the run went: everything that is known of where a result comes from. */
export function recordOf<Recipe extends object>(generation: Generation, recipe: Recipe) {
  const { id, task, origin, attempt, worker, createdAt, startedAt, finishedAt, durationMs, denoiserEvaluations } =
    generation;
  return {
    generation: id,
    task,
    ...recipe,
    reference: origin?.reference ?? null,
    attempt,
    worker,
    createdAt,
    startedAt,
    finishedAt,
    durationMs,
    denoiserEvaluations,
    attempts: origin?.attempts ?? [],
  };
}
