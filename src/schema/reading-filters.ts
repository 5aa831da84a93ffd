import { FEATURES } from '../domain/features.js';
import { PREFERRED } from '../domain/readings.js';
import { ReadingChoiceEnum } from './enums.js';
import { combined, filterInput, listFilter } from './filter-input.js';
import type { FieldType } from './filter-input.js';
import { FloatFilter, IdFilter, inputType, IntFilter, ReadingProjectFilter, TextFilter } from './operators.js';
import type { InputClass, InputField } from './operators.js';

export const GradesFilter = gradesFilter('GradesFilter', 'Whole grades of the preferred reading.', IntFilter);
const ReadingGradesFilter = gradesFilter(
  'ReadingGradesFilter',
  'Grades as read; joint space narrowing keeps its within-grade decimal.',
  FloatFilter,
);

const MissingCodesFilter = inputType(
  'MissingCodesFilter',
  'Codes as OAI gives them: `.P` prosthesis, `.T` technical problem, `.A` not expected, and so on.',
  Object.fromEntries(
    FEATURES.map(({ code, name }): [string, InputField] => [code, { type: () => TextFilter, description: `${name}.` }]),
  ),
);

const READING_FIELDS: Record<string, [FieldType, string]> = {
  id: [IdFilter, 'Node id.'],
  version: [TextFilter, 'Version of the released table.'],
  kl: [IntFilter, 'Kellgren-Lawrence grade.'],
  grades: [ReadingGradesFilter, 'Any of the 19 grades.'],
  missing: [MissingCodesFilter, "OAI's code of a grade that is missing, such as `.P`."],
};

export const ReadingFilter = filterInput('ReadingFilter', 'Selects readings.', () => ReadingFilter, {
  project: [ReadingProjectFilter, 'Reading project.'],
  dropped: [
    () => Boolean,
    'Whether a newer release of the readings has it no more. Without this condition, readings that it still has are meant.',
  ],
  ...READING_FIELDS,
});

export const ChosenReadingFilter = inputType(
  'ChosenReadingFilter',
  'One reading of an exam; does not hold where there is no such reading. All conditions given must hold.',
  {
    project: { ...readingChoice('Whose reading.') },
    ...combined(() => ReadingFilter, READING_FIELDS),
  },
);

export const ReadingListFilter = listFilter('ReadingListFilter', ReadingFilter);

/** Whose grades are meant; the preferred reading unless told otherwise. */
export function readingChoice(description: string): InputField {
  return { type: () => ReadingChoiceEnum, required: true, defaultValue: PREFERRED, description };
}

function gradesFilter(name: string, description: string, narrowing: InputClass): InputClass {
  const fields = FEATURES.map(({ code, name: meaning, decimals, levels }) => [
    code,
    { type: () => (decimals ? narrowing : IntFilter), description: `${meaning}, 0-${levels - 1}.` },
  ]);
  return inputType(name, description, Object.fromEntries(fields) as Parameters<typeof inputType>[2]);
}
