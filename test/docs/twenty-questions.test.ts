import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { runProgram } from '../helpers/program.js';
import { hasRPackages, pythonWith } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

const python = pythonWith(['pandas']);
const testWithPython = python ? test : test.skip;
const testWithR = hasRPackages(['survival', 'jsonlite']) ? test : test.skip;

let api: TestServer;
let folder: string;
/** What the API says, by question. */
let answers: Record<string, number[]>;

beforeAll(async () => {
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-questions-'));
  const visits = ['V00', 'V01', 'V03', 'V05', 'V06', 'V08', 'V10'] as const;
  await importSyntheticTables(api.dataSource, { participants: 200, seed: 20, visits });
  const where = { visit: { eq: 'V00' } };
  await exported('knees.csv', {});
  await exported('onset.csv', { where, columns: ['sex'], event: ONSET });
  await exported('replacement.csv', { where, columns: ['sex'], event: REPLACEMENT });
  answers = await answersOfTheApi();
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const ONSET = { event: 'KL_GE_2', competing: ['KNEE_REPLACEMENT', 'DEATH'] };
const REPLACEMENT = { event: 'KNEE_REPLACEMENT', competing: ['DEATH'] };
const FROM_V00 = '{ from: V00, to: V06 }';
const GRADES = [0, 1, 2, 3, 4];
const SEXES = ['MALE', 'FEMALE'];

async function exported(file: string, request: object): Promise<void> {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  expect(response.status).toBe(200);
  await writeFile(join(folder, file), await response.text());
}

interface Value {
  value: string | null;
}

interface Answers {
  bySex: { values: Value[]; share: number }[];
  young: { share: number }[];
  middle: { share: number }[];
  old: { share: number }[];
  grades: { values: Value[]; exams: number }[];
  transitions: { kind: string; from: number | null; to: number | null; knees: number }[];
  pain: { values: Value[]; mean: number }[];
  quartiles: { lowerQuartile: number; median: number; upperQuartile: number }[];
  bmi: { histogram: { bins: { count: number }[] } }[];
  change: { count: number; mean: number; standardDeviation: number }[];
  correlation: { pearson: { coefficient: number }; spearman: { coefficient: number } }[];
  onset: { groups: { values: Value[]; kaplanMeier: { estimate: number }[] }[] };
  competed: { groups: { cumulativeIncidence: Incidence[] }[] };
  replaced: { groups: { events: number; cumulativeIncidence: Incidence[] }[] };
  discordant: { pairs: { totalCount: number } };
  visits: { values: Value[]; exams: number; participants: number }[];
  twoWorn: Count;
  progressed: Count;
  incident: Count;
  unknown: Count;
  narrower: Count;
}

type Count = { totalCount: number };
type Incidence = { points: { estimate: number }[] };

const QUESTIONS = `{
  bySex: kneePrevalence(where: { visit: { eq: V00 } }, having: { kl: { gte: 2 } }, by: [SEX]) { values { value } share }
  young: kneePrevalence(where: { visit: { eq: V00 }, age: { gte: 45, lt: 55 } }, having: { kl: { gte: 2 } }) { share }
  middle: kneePrevalence(where: { visit: { eq: V00 }, age: { gte: 55, lt: 65 } }, having: { kl: { gte: 2 } }) { share }
  old: kneePrevalence(where: { visit: { eq: V00 }, age: { gte: 65, lt: 80 } }, having: { kl: { gte: 2 } }) { share }
  grades: kneeExamFacets(where: { visit: { eq: V00 } }, by: [KL, SEX]) { values { value } exams }
  twoWorn: kneeExams(where: { visit: { eq: V00 }, kl: { gte: 2 }, otherKnee: { kl: { gte: 2 } } }) { totalCount }
  transitions: gradeTransitions(from: V00, to: V06) { kind from to knees }
  progressed: kneeExams(where: { visit: { eq: V00 }, klProgression: ${FROM_V00} }) { totalCount }
  incident: kneeExams(where: { visit: { eq: V00 }, incidentOa: ${FROM_V00} }) { totalCount }
  unknown: kneeExams(where: { visit: { eq: V00 }, klChange: { from: V00, to: V06, isNull: true } }) { totalCount }
  pain: kneeExamStatistics(where: { visit: { eq: V00 } }, of: WOMAC_PAIN, by: [KL]) { values { value } mean }
  quartiles: kneeExamStatistics(where: { visit: { eq: V00 } }, of: WOMAC_PAIN) { lowerQuartile median upperQuartile }
  bmi: kneeExamStatistics(where: { visit: { eq: V00 } }, of: BMI, histogram: { from: 15, to: 45, bins: 6 }) {
    histogram { bins { count } }
  }
  change: kneeExamStatistics(ofNumber: { variable: "koosPain", change: ${FROM_V00} }) { count mean standardDeviation }
  correlation: kneeCorrelation(where: { visit: { eq: V00 } }, x: { variable: "WOMKP" }, y: { variable: "BMI" }) {
    pearson { coefficient }
    spearman { coefficient }
  }
  onset: survival(event: KL_GE_2, competing: [KNEE_REPLACEMENT, DEATH], by: [SEX], at: [731, 1461, 2922]) {
    groups { values { value } kaplanMeier { estimate } }
  }
  competed: survival(event: KL_GE_2, competing: [KNEE_REPLACEMENT, DEATH], at: [731, 1461, 2922]) {
    groups { cumulativeIncidence { points { estimate } } }
  }
  replaced: survival(event: KNEE_REPLACEMENT, competing: [DEATH], at: [731, 1461, 2922]) {
    groups { events cumulativeIncidence { points { estimate } } }
  }
  discordant: kneePairs(
    where: { visit: { eq: V00 } }
    pairing: { of: SAME_PERSON, cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } }
  ) { pairs { totalCount } }
  narrower: kneeExams(
    where: { visit: { eq: V00 }, gradeChange: { feature: XRJSM, from: V00, to: V06, gt: 0 } }
  ) { totalCount }
  visits: kneeExamFacets(by: [VISIT]) { values { value } exams participants }
}`;

async function answersOfTheApi(): Promise<Record<string, number[]>> {
  const { data, errors } = await api.ask<Answers>(QUESTIONS);
  expect(errors).toBeUndefined();
  const said = data!;
  const ofSex = <T extends { values: Value[] }>(rows: T[]) =>
    SEXES.map((sex) => rows.find(({ values }) => values[0]!.value === sex)!);
  const estimates = ({ points }: Incidence) => points.map(({ estimate }) => estimate);
  const of = (kl: number, sex: string) =>
    said.grades.find(({ values: [grade, told] }) => grade!.value === String(kl) && told!.value === sex)?.exams ?? 0;
  const moved = (from: number, to: number) =>
    said.transitions.find((cell) => cell.kind === 'CELL' && cell.from === from && cell.to === to)?.knees ?? 0;
  const [quartiles] = said.quartiles;
  const [change] = said.change;
  const [correlation] = said.correlation;
  const [replaced] = said.replaced.groups;
  return {
    'prevalence by sex': ofSex(said.bySex).map(({ share }) => share),
    'prevalence by age': [said.young, said.middle, said.old].map(([row]) => row!.share),
    'knees by grade and sex': GRADES.flatMap((kl) => SEXES.map((sex) => of(kl, sex))),
    'knees of people with two worn knees': [said.twoWorn.totalCount],
    'transitions of KL': GRADES.flatMap((from) => GRADES.map((to) => moved(from, to))),
    'knees that progressed': [said.progressed.totalCount],
    'knees with new osteoarthritis': [said.incident.totalCount],
    'knees of unknown change': [said.unknown.totalCount],
    'pain by grade': said.pain
      .filter(({ values }) => values[0]!.value !== null)
      .toSorted((one, other) => Number(one.values[0]!.value) - Number(other.values[0]!.value))
      .map(({ mean }) => mean),
    'quartiles of pain': [quartiles!.lowerQuartile, quartiles!.median, quartiles!.upperQuartile],
    'histogram of BMI': said.bmi[0]!.histogram.bins.map(({ count }) => count),
    'change of KOOS pain': [change!.count, change!.mean, change!.standardDeviation],
    'pain and BMI, Pearson': [correlation!.pearson.coefficient],
    'pain and BMI, Spearman': [correlation!.spearman.coefficient],
    'free of osteoarthritis by sex': ofSex(said.onset.groups).flatMap(({ kaplanMeier }) =>
      kaplanMeier.map(({ estimate }) => estimate),
    ),
    'osteoarthritis before replacement or death': estimates(said.competed.groups[0]!.cumulativeIncidence[0]!),
    replaced: [replaced!.events, ...estimates(replaced!.cumulativeIncidence[0]!)],
    'pairs of discordant knees': [said.discordant.pairs.totalCount],
    'medially narrower knees': [said.narrower.totalCount],
    'exams and people by visit': said.visits
      .toSorted((one, other) => one.values[0]!.value!.localeCompare(other.values[0]!.value!))
      .flatMap(({ exams, participants }) => [exams, participants]),
  };
}

/** Holds what the API says against what a program says, to five decimals: means of scores come in single precision. */
function expectSame(printed: string): void {
  const told = JSON.parse(printed) as Record<string, number[]>;
  const near = ([question, numbers]: [string, number[]]) => [
    question,
    numbers.map((value) => expect.closeTo(value, 5)),
  ];

  expect(Object.keys(told)).toHaveLength(20);
  expect(answers).toEqual(Object.fromEntries(Object.entries(told).map(near)));
}

testWithPython('pandas answers twenty questions of research as the API does', async () => {
  expectSame(await runProgram(python!, [join(packageRoot, 'test/helpers/twenty-questions.py'), folder]));
});

testWithR('R answers the same twenty questions as the API does', async () => {
  expectSame(await runProgram('Rscript', [join(packageRoot, 'test/helpers/twenty-questions.R'), folder]));
});
