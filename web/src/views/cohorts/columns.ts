import type { VariablesOf } from '../../lib/graphql.ts';
import { decimal, feature, FEATURES, sideName, visitName } from '../../lib/words.ts';
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
  { key: 'sex', label: 'Sex', width: 76, sort: 'SEX', text: ({ participant: { sex } }) => sex?.toLowerCase() ?? '–' },
  {
    key: 'age',
    label: 'Age',
    description: 'Years at the visit',
    width: 70,
    numeric: true,
    sort: 'AGE',
    text: ({ visit }) => decimal(visit.age, 0),
  },
  {
    key: 'bmi',
    label: 'BMI',
    description: 'kg/m²',
    width: 76,
    numeric: true,
    sort: 'BMI',
    text: ({ visit }) => decimal(visit.bmi, 1),
  },
  {
    key: 'race',
    label: 'Race',
    width: 150,
    text: ({ participant: { race } }) => race?.toLowerCase().replaceAll('_', ' ') ?? '–',
  },
  { key: 'site', label: 'Site', width: 70, sort: 'SITE', text: ({ participant: { site } }) => site ?? '–' },
  {
    key: 'cohort',
    label: 'Sub-cohort',
    width: 120,
    text: ({ participant: { cohort } }) => cohort?.toLowerCase() ?? '–',
  },
  { key: 'date', label: 'Date', width: 110, sort: 'DATE', text: ({ visit }) => visit.date ?? '–' },
  {
    key: 'womacPain',
    label: 'WOMAC pain',
    description: '0 (none) to 20',
    width: 122,
    numeric: true,
    sort: 'WOMAC_PAIN',
    text: ({ womacPain }) => decimal(womacPain, 0),
  },
  {
    key: 'womacStiffness',
    label: 'WOMAC stiffness',
    description: '0 to 8',
    width: 145,
    numeric: true,
    sort: 'WOMAC_STIFFNESS',
    text: (row) => decimal(row.womacStiffness, 0),
  },
  {
    key: 'womacDisability',
    label: 'WOMAC disability',
    description: '0 to 68',
    width: 150,
    numeric: true,
    sort: 'WOMAC_DISABILITY',
    text: (row) => decimal(row.womacDisability, 0),
  },
  {
    key: 'womacTotal',
    label: 'WOMAC total',
    description: '0 to 96',
    width: 125,
    numeric: true,
    sort: 'WOMAC_TOTAL',
    text: ({ womacTotal }) => decimal(womacTotal, 0),
  },
  {
    key: 'koosPain',
    label: 'KOOS pain',
    description: '0 (worst) to 100',
    width: 112,
    numeric: true,
    sort: 'KOOS_PAIN',
    text: ({ koosPain }) => decimal(koosPain, 0),
  },
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
export function columnTitle({ key, label, description }: Column): string {
  return feature(key).code === key && description ? `${label} · ${description}` : label;
}
