import { TagListFilter } from './annotation.js';
import { GradeChangeFilter, KlChangeFilter, KneePeriodFilter, ScoreChangeFilter } from './change-filters.js';
import { CohortMembershipFilter } from './cohort-filters.js';
import { type FieldType, filterInput, listFilter } from './filter-input.js';
import { JointOutcomeListFilter, KneeOutcomeFilter } from './outcome-filters.js';
import { MriSeriesListFilter, RadiographListFilter } from './image-filters.js';
import {
  BatchStateFilter,
  BooleanFilter,
  DateTimeFilter,
  FloatFilter,
  GenerationStateFilter,
  GenerationTaskFilter,
  IdFilter,
  IntFilter,
  ReadingProjectFilter,
  SideFilter,
  TextFilter,
  VisitCodeFilter,
} from './operators.js';
import { COMPARISONS_FIELD, VARIABLES_FIELD, variableFilters } from './variables.js';
import { ChosenReadingFilter, GradesFilter, ReadingListFilter } from './reading-filters.js';

/** What is true of a knee, and so of all its exams. */
const CHANGES: Record<string, [FieldType, string]> = {
  klChange: [() => KlChangeFilter, 'How the KL grade of this knee changed between two visits.'],
  gradeChange: [() => GradeChangeFilter, 'How any grade of this knee changed between two visits.'],
  scoreChange: [() => ScoreChangeFilter, 'How a questionnaire score of this knee changed between two visits.'],
  incidentOa: [() => KneePeriodFilter, 'Knees with KL 0-1 at `from` and KL 2-4 at `to`.'],
  klProgression: [() => KneePeriodFilter, 'Knees with KL 2-3 at `from` and a higher grade at `to`.'],
};

const OUTCOME: [FieldType, string] = [
  () => KneeOutcomeFilter,
  'What became of the knee in the whole study. A knee that the release says nothing of fits none of it.',
];

export const ParticipantFilter = filterInput('ParticipantFilter', 'Selects participants.', () => ParticipantFilter, {
  id: [IdFilter, 'Node id.'],
  oaiId: [TextFilter, 'Seven digits.'],
  ...variableFilters('participant'),
  variables: VARIABLES_FIELD,
  phantom: [BooleanFilter, 'Whether a phantom of the synthetic release.'],
  dropped: [() => Boolean, 'Whether a newer release of a table of participants lists them no more.'],
  visits: [() => VisitListFilter, "The participant's visits."],
  exams: [() => KneeExamListFilter, "The participant's knee exams."],
  knees: [() => KneeListFilter, "The participant's knees: always both, examined or not."],
  jointOutcomes: [() => JointOutcomeListFilter, "What became of the participant's knees and hips."],
});

export const KneeExamFilter = filterInput('KneeExamFilter', 'Selects knee exams.', () => KneeExamFilter, {
  id: [IdFilter, 'Node id.'],
  inCohort: [() => CohortMembershipFilter, 'Exams of one cohort.'],
  kl: [IntFilter, 'Kellgren-Lawrence grade of the preferred reading, 0-4.'],
  grades: [GradesFilter, 'Any of the 19 grades of the preferred reading.'],
  visit: [VisitCodeFilter, 'Time point; codes order as time does.'],
  month: [IntFilter, 'Months after baseline of the visit.'],
  side: [SideFilter, 'Left or right.'],
  preferredProject: [ReadingProjectFilter, 'Project of the reading that the grades come from.'],
  participant: [() => ParticipantFilter, 'Whose knee it is.'],
  ...variableFilters('visit'),
  ...variableFilters('knee_exam'),
  variables: VARIABLES_FIELD,
  comparisons: COMPARISONS_FIELD,
  dropped: [() => Boolean, 'Whether a newer release of a table of visits has the visit no more.'],
  hasRadiograph: [() => Boolean, 'Whether a radiograph of the knee is stored here, which is not dropped.'],
  hasMri: [() => Boolean, 'Whether a real MRI series of the knee is stored here, which is not dropped.'],
  hasPairedMri: [
    () => Boolean,
    'Whether a radiograph and a real MRI series of the exam are both stored here, neither of them dropped.',
  ],
  ...CHANGES,
  reading: [() => ChosenReadingFilter, "The preferred reading of the exam, or one project's, as published."],
  outcome: OUTCOME,
  otherKnee: [() => KneeExamFilter, 'The other knee at the same visit.'],
  sameKnee: [() => KneeExamListFilter, 'Exams of this knee at all visits, this one included.'],
  radiographs: [
    () => RadiographListFilter,
    'Films of the knee, also those only the tables tell of; dropped ones only where the filter itself speaks of `dropped`.',
  ],
  mriSeries: [
    () => MriSeriesListFilter,
    'Series of the knee, also those only the tables tell of: real ones that are not dropped, unless the filter itself speaks of `synthetic` or `dropped`.',
  ],
  readings: [() => ReadingListFilter, 'Published readings of the exam.'],
  generations: [() => GenerationListFilter, 'Generations for the exam.'],
  tags: [() => TagListFilter, 'Words by which people marked the exam.'],
});

export const KneeFilter = filterInput('KneeFilter', 'Selects knees.', () => KneeFilter, {
  id: [IdFilter, 'Node id.'],
  side: [SideFilter, 'Left or right.'],
  participant: [() => ParticipantFilter, 'Whose knee it is.'],
  exams: [() => KneeExamListFilter, 'Exams of the knee: at one visit, at several, at none.'],
  ...CHANGES,
  outcome: OUTCOME,
  otherKnee: [() => KneeFilter, 'The other knee of the participant.'],
});

export const GenerationFilter = filterInput('GenerationFilter', 'Selects generations.', () => GenerationFilter, {
  id: [IdFilter, 'Node id.'],
  state: [GenerationStateFilter, 'State.'],
  exam: [() => KneeExamFilter, 'The exam it is for.'],
  upload: [IdFilter, 'The uploaded radiograph it was made from.'],
  bundle: [() => BundleFilter, 'The bundle it runs.'],
  task: [GenerationTaskFilter, 'What is made.'],
  sliceCount: [IntFilter, 'Slices of the volume; missing for what is none.'],
  steps: [IntFilter, 'Steps of the network.'],
  seed: [IntFilter, 'Seed of the noise; missing where nothing is drawn.'],
  key: [TextFilter, 'SHA-256 of everything that decides the result.'],
  batch: [IdFilter, 'The batch that asked for it.'],
  clientKey: [TextFilter, "The caller's own key."],
  psnr: [FloatFilter, 'Median PSNR over the slices, dB.'],
  ssim: [FloatFilter, 'Median SSIM over the slices.'],
  rssim: [FloatFilter, 'Median RSSIM over the slices.'],
  tags: [() => TagListFilter, 'Words by which people marked it.'],
  createdAt: [DateTimeFilter, 'When it was asked for.'],
  finishedAt: [DateTimeFilter, 'When it reached a final state.'],
});

export const RadiographReadingFilter = filterInput(
  'RadiographReadingFilter',
  'Selects automatic readings of films.',
  () => RadiographReadingFilter,
  {
    id: [IdFilter, 'Node id.'],
    side: [SideFilter, 'Which knee was read.'],
    bundle: [() => BundleFilter, 'The model that read it.'],
    kl: [IntFilter, 'The most probable Kellgren-Lawrence grade; missing where the knee could not be read.'],
    expectedKl: [FloatFilter, 'Sum of grade times probability.'],
    distance: [FloatFilter, 'Distance from the films that the model was trained on.'],
    readable: [() => Boolean, 'Whether the knee could be read.'],
    createdAt: [DateTimeFilter, 'When it was read.'],
  },
);

export const BatchFilter = filterInput('BatchFilter', 'Selects batches.', () => BatchFilter, {
  id: [IdFilter, 'Node id.'],
  name: [TextFilter, 'Name.'],
  state: [BatchStateFilter, 'State.'],
  priority: [IntFilter, '-10 to 10.'],
  clientKey: [TextFilter, "The caller's own key."],
  createdAt: [DateTimeFilter, 'When it was asked for.'],
  finishedAt: [DateTimeFilter, 'When it reached a final state.'],
});

export const VisitFilter = filterInput('VisitFilter', 'Selects visits.', () => VisitFilter, {
  id: [IdFilter, 'Node id.'],
  code: [VisitCodeFilter, 'Time point.'],
  dropped: [() => Boolean, 'Whether a newer release of a table of visits has it no more.'],
  month: [IntFilter, 'Months after baseline.'],
  ...variableFilters('visit'),
  variables: VARIABLES_FIELD,
  exams: [() => KneeExamListFilter, 'Both knees at the visit.'],
  radiographs: [() => RadiographListFilter, 'Films of both knees.'],
});

const BundleFilter = filterInput('BundleFilter', 'Selects bundles.', () => BundleFilter, {
  name: [TextFilter, 'Name.'],
  version: [TextFilter, 'Version.'],
});

const VisitListFilter = listFilter('VisitListFilter', VisitFilter);
const KneeExamListFilter = listFilter('KneeExamListFilter', KneeExamFilter);
const KneeListFilter = listFilter('KneeListFilter', KneeFilter);
const GenerationListFilter = listFilter('GenerationListFilter', GenerationFilter);
