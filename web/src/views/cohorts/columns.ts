import { type Variable, variables } from 'virtual:variables';
import type { VariablesOf } from '../../lib/graphql.ts';
import { variableText } from '../../lib/variable-text.ts';
import { FEATURES, sideName, visitName } from '../../lib/words.ts';
import type { EXAMS, ExamRow } from './queries.ts';

export type Order = NonNullable<NonNullable<VariablesOf<typeof EXAMS>['orderBy']>[number]>;

/** A column of the table of knee exams. */
export interface Column {
  key: string;
  label: string;
  /** What a tooltip and the list of columns say beside the label. */
  description?: string;
  /** Width in pixels. */
  width: number;
  numeric?: true;
  sort?: Order['field'];
  /** What the column needs beyond what every row has. */
  needs?: 'grades' | 'images';
  text: (row: ExamRow) => string;
}

/** Every column there is; the grades by OAI's names. */
export const COLUMNS: readonly Column[] = [
  {
    key: 'visit',
    label: 'Visit',
    width: 104,
    sort: 'VISIT',
    text: ({ visit }) =>
      `${visit.code} · ${visitName(visit.code).replace(' months', ' mo').replace('Baseline', '0 mo')}`,
  },
  { key: 'side', label: 'Side', width: 64, sort: 'SIDE', text: ({ side }) => sideName(side) },
  {
    key: 'kl',
    label: 'KL',
    description: 'Kellgren-Lawrence grade',
    width: 70,
    numeric: true,
    sort: 'KL',
    text: ({ kl }) => (kl === null ? '–' : String(kl)),
  },
  ...variables.filter(({ uses }) => uses.includes('table')).map(variableColumn),
  {
    key: 'film',
    label: 'Radiograph',
    width: 110,
    needs: 'images',
    text: ({ radiograph }) => (radiograph?.rows ? 'stored' : radiograph ? 'listed' : '–'),
  },
  {
    key: 'mri',
    label: 'MRI series',
    width: 110,
    numeric: true,
    needs: 'images',
    text: ({ mriSeries }) => String(mriSeries?.length ?? 0),
  },
  ...FEATURES.filter(({ code }) => code !== 'XRKL').map(({ code, name }): Column => ({
    key: code,
    label: code,
    description: name,
    width: 96,
    numeric: true,
    sort: code as Order['field'],
    needs: 'grades',
    text: ({ grades }) => {
      const found = grades?.find((grade) => grade.feature === code);
      return found?.grade == null ? (found?.missing ?? '–') : String(found.grade);
    },
  })),
];

export const USUAL_COLUMNS: readonly string[] = ['visit', 'side', 'kl', 'sex', 'age', 'bmi', 'womacPain', 'koosPain'];

/** "XRJSM: Joint space narrowing, medial" for the list of columns. */
export function columnTitle({ label, description }: Column): string {
  return description ? `${label} · ${description}` : label;
}

function variableColumn(variable: Variable): Column {
  const { code, name, label, description, kind, uses } = variable;
  const numeric = kind === 'integer' || kind === 'real';
  return {
    key: code,
    label,
    description,
    // Room for the label and the arrow of its order; words are longer than numbers.
    width: Math.max(numeric ? 70 : 76, 40 + 8 * label.length),
    ...(numeric ? { numeric: true } : {}),
    ...(uses.includes('order') ? { sort: name as Order['field'] } : {}),
    text: (row) => variableText(variable, row),
  };
}
