import { VisitCodeEnum } from './enums.js';
import { combined, type FieldType, filterInput, listFilter } from './filter-input.js';
import {
  BooleanFilter,
  DateFilter,
  inputType,
  IntFilter,
  JointFilter,
  MaybeVisitCodeFilter,
  ReplacementConfirmationFilter,
  ReplacementTypeFilter,
  SideFilter,
} from './operators.js';

const FIELDS: Record<string, [FieldType, string]> = {
  replaced: [
    () => Boolean,
    'Whether it was replaced, before the study or in it; what adjudication did not confirm is not.',
  ],
  replacedBefore: [BooleanFilter, 'Whether it had been replaced before the baseline visit.'],
  date: [DateFilter, 'Day of a replacement during the study.'],
  dateDocumented: [BooleanFilter, 'Whether that day is from documents.'],
  days: [IntFilter, 'Days from the baseline visit to the replacement.'],
  confirmation: [ReplacementConfirmationFilter, 'How sure the replacement is.'],
  type: [ReplacementTypeFilter, 'How much of a knee was replaced.'],
  visitBefore: [MaybeVisitCodeFilter, 'Last contact before the replacement.'],
  visitAfter: [MaybeVisitCodeFilter, 'First contact after the replacement.'],
};

export const JointOutcomeFilter = filterInput(
  'JointOutcomeFilter',
  'Selects knees and hips by what became of them.',
  () => JointOutcomeFilter,
  { joint: [JointFilter, 'Knee or hip.'], side: [SideFilter, 'Left or right.'], ...FIELDS },
);

export const JointOutcomeListFilter = listFilter('JointOutcomeListFilter', JointOutcomeFilter);

export const KneeOutcomeFilter = inputType(
  'KneeOutcomeFilter',
  'What became of a knee. All conditions given must hold; a comparison with a missing value never does.',
  {
    replacedBy: {
      type: () => VisitCodeEnum,
      description: 'It had been replaced by the nominal day of this visit, before the study included.',
    },
    ...combined(() => JointOutcomeFilter, FIELDS),
  },
);
