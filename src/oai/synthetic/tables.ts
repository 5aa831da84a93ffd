import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RADIOGRAPH_VISITS, VISIT_CODES } from '../../domain/visits.js';
import type { VisitCode } from '../../domain/visits.js';
import { filmRow, filmsHeader, readingRows, readingsHeader, seriesHeader, seriesRows } from './image-tables.js';
import { historyOf, isPhoneVisit, personScoresAt, scoresAt } from './clinical.js';
import type { KneeScores, MissingCode } from './clinical.js';
import { OUTCOMES_HEADER, outcomeRow } from './outcomes.js';
import { symptomsHeader, symptomsRow, widthsHeader, widthsRows } from './measurements.js';
import { BOTH_SIDES } from './people.js';
import type { Person, PersonVisit } from './people.js';
import { KEY, missing, MISSING_FORM, slashed } from './table-cells.js';
import { TableFile } from './table-file.js';

/**
 * The tables of a release, in the shape of OAI's labelled ASCII download (pipe-separated, CRLF, `1: Male`), with OAI's column
 * names. Feed every participant once, in order, then close.
 */
export class ReleaseTables {
  private readonly enrollees: TableFile;
  private readonly characteristics: TableFile;
  private readonly outcomes: TableFile;
  private readonly clinical = new Map<VisitCode, TableFile>();
  private readonly readings = new Map<VisitCode, TableFile>();
  private readonly films = new Map<VisitCode, TableFile>();
  private readonly series = new Map<VisitCode, TableFile>();
  private readonly symptoms = new Map<VisitCode, TableFile>();
  private readonly widths = new Map<VisitCode, TableFile>();

  /** @param folder the folder of the tables, made when it is missing */
  constructor(
    folder: string,
    private readonly seed: number,
    private readonly visits: readonly VisitCode[],
  ) {
    mkdirSync(folder, { recursive: true });
    const table = (name: string, header: readonly string[]) => new TableFile(join(folder, name), header, '|');
    this.enrollees = table('Enrollees.txt', ENROLLEES_HEADER);
    this.characteristics = table('SubjectChar00.txt', [
      'ID',
      'VERSION',
      'V00AGE',
      'V00EDCV',
      'V00INCOME',
      'V00MARITST',
    ]);
    this.outcomes = table('Outcomes99.txt', OUTCOMES_HEADER);
    for (const visit of visits) {
      const number = visit.slice(1);
      this.clinical.set(visit, table(`AllClinical${number}.txt`, clinicalHeader(visit)));
      if (!isPhoneVisit(visit)) this.symptoms.set(visit, table(`JointSx${number}.txt`, symptomsHeader(visit)));
      if (!RADIOGRAPH_VISITS.includes(visit)) continue;
      this.widths.set(visit, table(`kxr_qjsw_duryea${number}.txt`, widthsHeader(visit)));
      this.readings.set(visit, table(`kxr_sq_bu${number}.txt`, readingsHeader(visit)));
      this.films.set(visit, table(`XRay${number}.txt`, filmsHeader(visit)));
      this.series.set(visit, table(`MRI${number}.txt`, seriesHeader(visit)));
    }
  }

  add(person: Person, attended: readonly PersonVisit[]): void {
    this.addEnrollee(person, attended);
    this.outcomes.row(outcomeRow(this.seed, person, attended));
    for (const at of attended) {
      if (!this.visits.includes(at.visit)) continue;
      this.clinical.get(at.visit)!.row(this.clinicalRow(person, at));
      this.symptoms.get(at.visit)?.row(symptomsRow(this.seed, person, at));
      if (!RADIOGRAPH_VISITS.includes(at.visit)) continue;
      for (const row of widthsRows(this.seed, person, at)) this.widths.get(at.visit)!.row(row);
      for (const row of readingRows(this.seed, person, at)) this.readings.get(at.visit)!.row(row);
      this.films.get(at.visit)!.row(filmRow(person, at));
      for (const row of seriesRows(person, at)) this.series.get(at.visit)!.row(row);
    }
  }

  close(): void {
    for (const group of [this.clinical, this.readings, this.films, this.series, this.symptoms, this.widths])
      for (const table of group.values()) table.close();
    this.enrollees.close();
    this.characteristics.close();
    this.outcomes.close();
  }

  private addEnrollee(person: Person, attended: readonly PersonVisit[]): void {
    const images = IMAGE_COLUMNS.map(([visit, group]) => {
      const taken = attended.some((at) => at.visit === visit) && (person.half === 1 ? 'C' : 'E') === group;
      return [`${visit}IMAGES${group}`, taken ? '3: Yes, Knee MR and knee xray' : '0: No'] as const;
    });
    const cells = new Map<string, string>([
      ['ID', person.id],
      ['VERSION', '25'],
      ['P02HISP', person.hispanic ? '1: Yes' : '0: No'],
      ['P02RACE', RACE_LABELS[person.race]!],
      ['P02SEX', person.sex === 'MALE' ? '1: Male' : '2: Female'],
      ['V00CHRTHLF', person.half === 1 ? '1: First half of cohort' : '2: Second half of cohort'],
      ['V00COHORT', COHORT_LABELS[person.cohort]],
      ['V00SITE', person.site],
      ['V01HADINTV', INTERIM_LABELS[person.interim]],
      ...images,
    ]);
    this.enrollees.row(ENROLLEES_HEADER.map((name) => cells.get(name)!));
    const pick = (labels: readonly string[], salt: number) =>
      labels[(person.index * 7 + salt * person.age) % labels.length]!;
    this.characteristics.row([person.id, '25', person.age, pick(EDUCATION, 3), pick(INCOME, 5), pick(MARITAL, 11)]);
  }

  private clinicalRow(person: Person, at: PersonVisit): (string | number)[] {
    const phone = isPhoneVisit(at.visit);
    const absent = phone ? missing('.F') : MISSING_FORM;
    const answer = (value: number | MissingCode | undefined) => {
      if (phone || value === undefined) return absent;
      return typeof value === 'string' ? missing(value) : value;
    };
    const knees = scoresAt(this.seed, person, at);
    const ofKnees = (pick: (scores: KneeScores) => number) =>
      BOTH_SIDES.map((side) => answer(knees[side] === null ? undefined : pick(knees[side])));
    const scores = personScoresAt(this.seed, person, at, knees);
    const questionnaire = [
      ...ofKnees(({ koosPain }) => koosPain),
      ...ofKnees((of) => of.function),
      ...ofKnees(({ pain }) => pain),
      ...ofKnees(({ stiffness }) => stiffness),
      ...ofKnees(({ total }) => total),
      ...[scores.cesd, scores.sport, scores.qualityOfLife, scores.pase].map(answer),
    ];
    if (at.visit === 'V00') {
      const weight = Math.round(person.bmi * (person.height / 1000) ** 2 * 10) / 10;
      const screening = new Date(at.date.getTime() - 21 * 86_400_000);
      const screened = [person.bmi, person.height, slashed(screening), weight];
      return [person.id, '25', ...screened, at.age, slashed(at.date), ...questionnaire, ...this.historyCells(person)];
    }
    const elapsed = Math.round((at.date.getTime() - person.baseline.getTime()) / 86_400_000);
    return [person.id, '25', at.age, phone ? absent : at.bmi, slashed(at.date), ...questionnaire, elapsed];
  }

  private historyCells(person: Person): string[] {
    const history = historyOf(this.seed, person);
    const cell = (value: boolean | MissingCode) =>
      typeof value === 'string' ? missing(value) : value ? '1: Yes' : '0: No';
    return [
      ...BOTH_SIDES.map((side) => cell(history[side].injured)),
      ...BOTH_SIDES.map((side) => cell(history[side].operated)),
    ];
  }
}

const RACE_LABELS = [
  '0: Other Non-white',
  '1: White or Caucasian',
  '2: Black or African American',
  '3: Asian',
] as const;
const COHORT_LABELS = { 1: '1: Progression', 2: '2: Incidence', 3: '3: Non-exposed control group' } as const;
const INTERIM_LABELS = ['0: No interim visit', '1: 18-month', '2: 30-month'] as const;
const EDUCATION = [
  '2: Some college',
  '3: College graduate',
  '1: High school graduate',
  '5: Graduate degree',
  '4: Some graduate school',
];
const INCOME = ['3: $25K to < $50K', '4: $50K to < $100K', '5: $100K or greater', '2: $10K to < $25K'];
const MARITAL = ['1: Married', '3: Divorced', '1: Married', '2: Widowed', '5: Never married'];

/** Image groups A-G of the visits with radiographs, and the two interim groups. */
const IMAGE_COLUMNS = VISIT_CODES.flatMap((visit) =>
  [...imageGroups(visit)].map((group): readonly [VisitCode, string] => [visit, group]),
);

/** Alphabetical within prefix, as in release 25. */
const ENROLLEES_HEADER: readonly string[] = [
  ...KEY,
  ...[
    'P02HISP',
    'P02RACE',
    'P02SEX',
    'V00CHRTHLF',
    'V00COHORT',
    'V00SITE',
    'V01HADINTV',
    ...IMAGE_COLUMNS.map(([visit, group]) => `${visit}IMAGES${group}`),
  ].sort(),
];

function imageGroups(visit: VisitCode): string {
  if (visit === 'V02') return 'D';
  if (visit === 'V04') return 'G';
  return RADIOGRAPH_VISITS.includes(visit) ? 'ABCDEFG' : '';
}

const SCORES = [
  ...['KOOSKP', 'WOMADL', 'WOMKP', 'WOMSTF', 'WOMTS'].flatMap((name) => [`${name}R`, `${name}L`]),
  ...['CESD', 'KOOSFSR', 'KOOSQOL', 'PASE'],
];
const SCREENED = ['P01BMI', 'P01HEIGHT', 'P01SVDATE', 'P01WEIGHT'];
const HISTORY = ['P01INJR', 'P01INJL', 'P01KSURGR', 'P01KSURGL'];

function clinicalHeader(visit: VisitCode): string[] {
  const scores = SCORES.map((name) => visit + name);
  return visit === 'V00'
    ? [...KEY, ...SCREENED, 'V00AGE', 'V00EVDATE', ...scores, ...HISTORY]
    : [...KEY, `${visit}AGE`, `${visit}BMI`, `${visit}FVDATE`, ...scores, `${visit}VISDYS`];
}
