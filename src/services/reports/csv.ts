import { stringify } from 'csv-stringify/sync';
import { encodeId } from '../../domain/global-ids.js';
import type { ScoredVolumes } from './results.js';
import { seedOf } from './seeds.js';

/** Every volume of an evaluation with its scores and all that decided them, one line each; UTF-8, RFC 4180. */
export function evaluationCsv({ arms, settings, exams, scores }: ScoredVolumes): string {
  const byExam = new Map(exams.map((exam) => [exam.examId, exam]));
  const rows = scores.map((score) => {
    const exam = byExam.get(score.examId)!;
    const arm = arms[score.arm]!;
    const [participant, visit, side] = exam.label.split(' ');
    return {
      exam_id: encodeId('KneeExam', exam.examId),
      oai_id: participant,
      visit,
      side,
      kl: exam.kl,
      sex: exam.sex,
      phantom: exam.phantom,
      arm: arm.label,
      bundle: arm.bundle,
      sampler: arm.sampler,
      steps: arm.steps,
      eta: arm.eta,
      slice_count: arm.sliceCount,
      noise: arm.noise,
      feature_set: arm.featureSet,
      overridden: Object.entries(arm.overrides)
        .map(([code, grade]) => `${code}=${grade ?? 'missing'}`)
        .join(';'),
      seed: seedOf(settings, exam.label),
      generation_id: score.generationId && encodeId('Generation', score.generationId),
      state: score.state,
      error: score.error,
      psnr: score.psnr,
      ssim: score.ssim,
      rssim: score.rssim,
      ssim_mode: settings.ssimMode,
      adjacent_correlation: score.adjacentCorrelation,
      series_adjacent_correlation: exam.seriesCorrelation,
      edge_f1: score.figures?.edgeF1,
      bone_dice: score.figures?.boneDice,
      sharpness: score.figures?.sharpness,
      joint_space_medial_mm: score.figures?.jointSpace.medial,
      joint_space_lateral_mm: score.figures?.jointSpace.lateral,
      series_joint_space_medial_mm: exam.jointSpace?.medial,
      series_joint_space_lateral_mm: exam.jointSpace?.lateral,
      film_joint_space_medial_mm: score.figures?.film?.filmMedial,
      film_joint_space_lateral_mm: score.figures?.film?.filmLateral,
      retrieval_first: score.figures?.retrieval?.first,
      retrieval_won: score.figures?.retrieval?.won,
      retrieval_rivals: score.figures?.retrieval?.rivals,
      joint_lines_medial: score.figures?.film?.medialLines,
      joint_lines_lateral: score.figures?.film?.lateralLines,
      joint_drop_mm: score.figures?.film?.volumeDrop,
      film_joint_drop_mm: score.figures?.film?.filmDrop,
      joint_row_offset_mm: score.figures?.film?.rowOffset,
      synthetic: true,
    };
  });
  return stringify(rows, { header: true, cast: { boolean: (value) => (value ? 'true' : 'false') } });
}
