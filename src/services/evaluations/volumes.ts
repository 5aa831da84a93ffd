import type { EvaluationArm, EvaluationSettings } from '../../domain/evaluations.js';
import type { FeatureCode } from '../../domain/features.js';
import type { EvaluationExam } from '../../entities/index.js';
import type { GenerationRequest } from '../generations/index.js';
import { seedOf } from '../reports/index.js';

/** The request for the volume of an arm on an exam. */
export function volumeRequest(
  arm: EvaluationArm,
  { examId, label }: Pick<EvaluationExam, 'examId' | 'label'>,
  settings: EvaluationSettings,
): GenerationRequest & { examId: number } {
  const { bundle, sampler, steps, eta, sliceCount, noise, overrides } = arm;
  const features = Object.entries(overrides).map(([feature, grade]) => ({ feature: feature as FeatureCode, grade }));
  return { examId, bundle, sampler, steps, eta, sliceCount, noise, seed: seedOf(settings, label), features };
}
