import { filterInput } from './filter-input.js';
import {
  DateTimeFilter,
  EvaluationStateFilter,
  ExportFormatFilter,
  ExportStateFilter,
  FloatFilter,
  GenerationOutputKindFilter,
  IdFilter,
  IntFilter,
  ReaderStudyStateFilter,
  ReaderUnitFilter,
  TextFilter,
} from './operators.js';

/** Filters of what generations have made, and of work that is listed by itself. */
export const GenerationSliceFilter = filterInput(
  'GenerationSliceFilter',
  'Selects slices of a generation.',
  () => GenerationSliceFilter,
  {
    index: [IntFilter, '0 (posterior) to sliceCount - 1 (anterior).'],
    depth: [FloatFilter, '0 (posterior) to 1 (anterior).'],
    psnr: [FloatFilter, 'PSNR against the real slice, dB; missing without a real MRI of the exam.'],
    ssim: [FloatFilter, 'SSIM against the real slice.'],
    rssim: [FloatFilter, 'SSIM of edges against the real slice.'],
  },
);

export const GenerationOutputFilter = filterInput(
  'GenerationOutputFilter',
  'Selects files of a generation.',
  () => GenerationOutputFilter,
  {
    kind: [GenerationOutputKindFilter, 'What the file is.'],
    index: [IntFilter, '0, 1, 2, ... among those of its kind.'],
    rows: [IntFilter, 'Pixels of a column; missing for a volume.'],
    columns: [IntFilter, 'Pixels of a row; missing for a volume.'],
  },
);

export const EvaluationFilter = filterInput('EvaluationFilter', 'Selects evaluations.', () => EvaluationFilter, {
  id: [IdFilter, 'Node id.'],
  name: [TextFilter, 'Name.'],
  state: [EvaluationStateFilter, 'State.'],
  comparisonKey: [TextFilter, 'Equal for evaluations on the same exams with the same settings.'],
  examCount: [IntFilter, 'Exams that are evaluated.'],
  participantCount: [IntFilter, 'Participants whose exams they are.'],
  createdAt: [DateTimeFilter, 'When it was asked for.'],
  finishedAt: [DateTimeFilter, 'When it reached a final state.'],
});

export const ExportFilter = filterInput('ExportFilter', 'Selects exports.', () => ExportFilter, {
  id: [IdFilter, 'Node id.'],
  state: [ExportStateFilter, 'State.'],
  format: [ExportFormatFilter, 'How it is written.'],
  rows: [IntFilter, 'Rows or volumes written so far.'],
  createdAt: [DateTimeFilter, 'When it was asked for.'],
  finishedAt: [DateTimeFilter, 'When it reached a final state.'],
  expiresAt: [DateTimeFilter, 'When its file is removed; missing while there is none.'],
});

export const ReaderStudyFilter = filterInput('ReaderStudyFilter', 'Selects reader studies.', () => ReaderStudyFilter, {
  id: [IdFilter, 'Node id.'],
  name: [TextFilter, 'Name.'],
  state: [ReaderStudyStateFilter, 'State.'],
  unit: [ReaderUnitFilter, 'What a pair shows.'],
  evaluation: [IdFilter, 'The evaluation whose volumes are shown.'],
  createdAt: [DateTimeFilter, 'When it was made.'],
});
