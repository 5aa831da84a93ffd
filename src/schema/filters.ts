import type { TypeThunk } from './operators.js';
import { FEATURES } from '../domain/features.js';
import {
  BooleanFilter,
  DateFilter,
  DateTimeFilter,
  FloatFilter,
  GenerationStateFilter,
  IdFilter,
  IntFilter,
  PlaneFilter,
  RaceFilter,
  ReadingProjectFilter,
  SexFilter,
  SideFilter,
  StudyCohortFilter,
  TextFilter,
  VisitCodeFilter,
  inputType,
} from './operators.js';
import type { InputClass } from './operators.js';

const GradesFilter = gradesFilter('GradesFilter', 'Whole grades of the consensus reading.', IntFilter);
const ReadingGradesFilter = gradesFilter(
  'ReadingGradesFilter',
  'Grades as read; joint space narrowing keeps its within-grade decimal.',
  FloatFilter,
);

export const ParticipantFilter = filterInput('ParticipantFilter', 'Selects participants.', () => ParticipantFilter, {
  id: [IdFilter, 'Node id.'],
  oaiId: [TextFilter, 'Seven digits.'],
  sex: [SexFilter, 'Sex as enrolled.'],
  race: [RaceFilter, 'Race.'],
  hispanic: [BooleanFilter, 'Whether Hispanic or Latino.'],
  cohort: [StudyCohortFilter, 'Sub-cohort of the study.'],
  site: [TextFilter, 'Clinical site, a letter A-E.'],
  cohortHalf: [IntFilter, '1 or 2.'],
  phantom: [BooleanFilter, 'Whether a phantom of the synthetic release.'],
  visits: [() => VisitListFilter, "The participant's visits."],
  exams: [() => KneeExamListFilter, "The participant's knee exams."],
});

export const KneeExamFilter = filterInput('KneeExamFilter', 'Selects knee exams.', () => KneeExamFilter, {
  id: [IdFilter, 'Node id.'],
  kl: [IntFilter, 'Kellgren-Lawrence grade of the consensus reading, 0-4.'],
  grades: [GradesFilter, 'Any of the 19 consensus grades.'],
  visit: [VisitCodeFilter, 'Time point; codes order as time does.'],
  side: [SideFilter, 'Left or right.'],
  consensusProject: [ReadingProjectFilter, 'Project of the reading that the grades come from.'],
  participant: [() => ParticipantFilter, 'Whose knee it is.'],
  age: [IntFilter, 'Years at the visit.'],
  bmi: [FloatFilter, 'Body mass index at the visit, kg/m².'],
  womacPain: [FloatFilter, 'WOMAC pain, 0-20.'],
  womacDisability: [FloatFilter, 'WOMAC disability, 0-68.'],
  womacStiffness: [FloatFilter, 'WOMAC stiffness, 0-8.'],
  womacTotal: [FloatFilter, 'WOMAC total, 0-96.'],
  koosPain: [FloatFilter, 'KOOS pain, 0 (worst) to 100.'],
  hasRadiograph: [() => Boolean, 'Whether a radiograph of the knee is stored here.'],
  hasMri: [() => Boolean, 'Whether a real MRI series of the knee is stored here.'],
  radiographs: [() => RadiographListFilter, 'Films of the knee, also those only the tables tell of.'],
  mriSeries: [() => MriSeriesListFilter, 'Real series of the knee, also those only the tables tell of.'],
  readings: [() => ReadingListFilter, 'Published readings of the exam.'],
  generations: [() => GenerationListFilter, 'Generations for the exam.'],
});

export const GenerationFilter = filterInput('GenerationFilter', 'Selects generations.', () => GenerationFilter, {
  id: [IdFilter, 'Node id.'],
  state: [GenerationStateFilter, 'State.'],
  exam: [() => KneeExamFilter, 'The exam it is for.'],
  bundle: [() => BundleFilter, 'The bundle it runs.'],
  sliceCount: [IntFilter, 'Slices of the volume.'],
  steps: [IntFilter, 'Denoiser steps.'],
  seed: [IntFilter, 'Seed of the noise.'],
  clientKey: [TextFilter, "The caller's own key."],
  psnr: [FloatFilter, 'Median PSNR over the slices, dB.'],
  ssim: [FloatFilter, 'Median SSIM over the slices.'],
  rssim: [FloatFilter, 'Median RSSIM over the slices.'],
  createdAt: [DateTimeFilter, 'When it was asked for.'],
  finishedAt: [DateTimeFilter, 'When it reached a final state.'],
});

const VisitFilter = filterInput('VisitFilter', 'Selects visits.', () => VisitFilter, {
  code: [VisitCodeFilter, 'Time point.'],
  month: [IntFilter, 'Months after baseline.'],
  date: [DateFilter, 'Day of the visit.'],
  age: [IntFilter, 'Years.'],
  bmi: [FloatFilter, 'Body mass index, kg/m².'],
});

const ReadingFilter = filterInput('ReadingFilter', 'Selects readings.', () => ReadingFilter, {
  project: [ReadingProjectFilter, 'Reading project.'],
  version: [TextFilter, 'Version of the released table.'],
  kl: [IntFilter, 'Kellgren-Lawrence grade.'],
  grades: [ReadingGradesFilter, 'Any of the 19 grades.'],
});

const RadiographFilter = filterInput('RadiographFilter', 'Selects radiographs.', () => RadiographFilter, {
  barcode: [TextFilter, 'Twelve digits.'],
  view: [TextFilter, "OAI's exam type."],
  date: [DateFilter, 'Day it was taken.'],
  stored: [() => Boolean, 'Whether its pixels are here.'],
});

const MriSeriesFilter = filterInput('MriSeriesFilter', 'Selects real MRI series.', () => MriSeriesFilter, {
  barcode: [TextFilter, 'Twelve digits.'],
  sequence: [TextFilter, 'Series description.'],
  plane: [PlaneFilter, 'Plane of the slices.'],
  date: [DateFilter, 'Day it was taken.'],
  sliceCount: [IntFilter, 'Number of slices.'],
  stored: [() => Boolean, 'Whether its pixels are here.'],
});

const BundleFilter = filterInput('BundleFilter', 'Selects bundles.', () => BundleFilter, {
  name: [TextFilter, 'Name.'],
  version: [TextFilter, 'Version.'],
});

const VisitListFilter = listFilter('VisitListFilter', VisitFilter);
const KneeExamListFilter = listFilter('KneeExamListFilter', KneeExamFilter);
const ReadingListFilter = listFilter('ReadingListFilter', ReadingFilter);
const RadiographListFilter = listFilter('RadiographListFilter', RadiographFilter);
const MriSeriesListFilter = listFilter('MriSeriesListFilter', MriSeriesFilter);
const GenerationListFilter = listFilter('GenerationListFilter', GenerationFilter);

type FieldType = InputClass | (() => InputClass | BooleanConstructor);

/** An input type with the given fields and `and`, `or`, `not` of itself. */
function filterInput(
  name: string,
  description: string,
  self: () => InputClass,
  fields: Record<string, [FieldType, string]>,
): InputClass {
  const own = Object.entries(fields).map(([field, [type, meaning]]) => {
    const thunk = (isClass(type) ? () => type : type) as TypeThunk;
    return [field, { type: thunk, description: meaning }] as const;
  });
  return inputType(
    name,
    `${description} All conditions given must hold; a comparison with a missing value never does.`,
    {
      ...Object.fromEntries(own),
      and: { type: () => [self()], description: 'Each of these must hold.' },
      or: { type: () => [self()], description: 'At least one of these must hold.' },
      not: { type: self as TypeThunk, description: 'This must not hold: the exact complement.' },
    },
  );
}

function listFilter(name: string, filter: InputClass): InputClass {
  return inputType(name, 'Conditions on related rows.', {
    some: { type: () => filter, description: 'At least one row fits.' },
    none: { type: () => filter, description: 'No row fits.' },
    every: { type: () => filter, description: 'No row fails to fit; true when there are none.' },
  });
}

function gradesFilter(name: string, description: string, narrowing: InputClass): InputClass {
  const fields = FEATURES.map(({ code, name: meaning, decimals, levels }) => [
    code,
    { type: () => (decimals ? narrowing : IntFilter), description: `${meaning}, 0-${levels - 1}.` },
  ]);
  return inputType(name, description, Object.fromEntries(fields) as Parameters<typeof inputType>[2]);
}

function isClass(type: FieldType): type is InputClass {
  return type.toString().startsWith('class');
}
