import { Float, Int } from 'type-graphql';
import { FeatureEnum, KneeScoreEnum, VisitCodeEnum } from './enums.js';
import { inputType, numberOperators } from './operators.js';
import type { InputField } from './operators.js';
import { readingChoice } from './reading-filters.js';

const CHANGE =
  'The value at the later visit minus that at the earlier one, of one knee: it selects all exams of the knee or none. ' +
  'Unknown, and only `isNull: true`, where either value is missing.';

export const KlChangeFilter = inputType('KlChangeFilter', CHANGE, {
  ...period('The preferred reading, or one project at both visits.'),
  ...numberOperators(() => Int),
});

export const GradeChangeFilter = inputType('GradeChangeFilter', CHANGE, {
  feature: { type: () => FeatureEnum, required: true, description: 'The grade.' },
  ...period('The preferred reading with whole grades, or one project at both visits with grades as read.'),
  ...numberOperators(() => Float),
});

export const ScoreChangeFilter = inputType('ScoreChangeFilter', CHANGE, {
  score: { type: () => KneeScoreEnum, required: true, description: 'The score.' },
  ...visits(),
  ...numberOperators(() => Float),
});

export const KneePeriodFilter = inputType(
  'KneePeriodFilter',
  'Two visits of one knee. A knee without either grade is left out.',
  {
    ...period('The preferred reading, or one project at both visits.'),
  },
);

function period(project: string): Record<string, InputField> {
  return { ...visits(), project: readingChoice(project) };
}

function visits(): Record<string, InputField> {
  return {
    from: { type: () => VisitCodeEnum, required: true, description: 'The earlier visit.' },
    to: { type: () => VisitCodeEnum, required: true, description: 'The later visit.' },
  };
}
