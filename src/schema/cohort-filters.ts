import { ID, Int } from 'type-graphql';
import { CohortKindEnum, CohortVisibilityEnum } from './work-enums.js';
import { filterInput } from './filter-input.js';
import { DateTimeFilter, EQUALITY, IdFilter, inputType, IntFilter, operators, TextFilter } from './operators.js';

/** Entry of the filter of knee exams. */
export const CohortMembershipFilter = inputType('CohortMembershipFilter', 'Exams of one cohort.', {
  eq: { type: () => ID, description: 'Node id of the cohort.', required: true },
  version: { type: () => Int, description: 'The cohort as it was at this version; default: as it is now.' },
});

const CohortKindFilter = operators('CohortKindFilter', () => CohortKindEnum, EQUALITY);
const CohortVisibilityFilter = operators('CohortVisibilityFilter', () => CohortVisibilityEnum, EQUALITY);

export const CohortFilter = filterInput('CohortFilter', 'Selects cohorts.', () => CohortFilter, {
  id: [IdFilter, 'Node id.'],
  name: [TextFilter, 'Name.'],
  description: [TextFilter, 'Description.'],
  kind: [CohortKindFilter, 'Frozen or run anew.'],
  visibility: [CohortVisibilityFilter, 'Who may read it.'],
  version: [IntFilter, 'Number of the newest version.'],
  createdAt: [DateTimeFilter, 'When it was made.'],
  updatedAt: [DateTimeFilter, 'When its newest version was made.'],
});
