import type { Generation } from './queries.ts';

/** Address of the form that asks for the same run with other grades: whatever else differed would be laid to them. */
export function sameRun(generation: Generation, grades: Generation['featureOverrides']): string {
  const { side, exam, upload, bundle, seed, steps, sliceCount, sampler, eta, noise, gradeGuidance } = generation;
  const asked = new URLSearchParams({
    ...(exam ? { exam: exam.id } : upload ? { upload: upload.id, side: side ?? '' } : {}),
    bundle: `${bundle.name}@${bundle.version}`,
    seed: String(seed),
    steps: String(steps),
    slices: String(sliceCount),
    sampler: sampler ?? '',
    noise: noise ?? '',
    eta: String(eta),
    guidance: gradeGuidance === null ? '' : String(gradeGuidance),
    grades: grades.map(({ feature: code, grade }) => `${code}:${grade ?? ''}`).join(','),
  });
  return `/generate?${asked.toString()}`;
}

/** The run of the same film that differs from this one by its grades alone, which are those of the exam or none; undefined if there is none. */
export function unchangedRun({ id, exam, upload, box, ...own }: Generation) {
  return (exam ?? upload)?.generations.nodes.find(
    (run) =>
      run.id !== id &&
      run.mriSeries?.volume &&
      run.featureOverrides.length === 0 &&
      run.bundle.name === own.bundle.name &&
      run.bundle.version === own.bundle.version &&
      // Another square is another film to the model.
      (['left', 'top', 'side'] as const).every((key) => run.box?.[key] === box?.[key]) &&
      (['side', 'seed', 'steps', 'sliceCount', 'sampler', 'eta', 'noise', 'gradeGuidance'] as const).every(
        (key) => run[key] === own[key],
      ),
  );
}
