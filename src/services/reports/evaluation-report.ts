import type { Chart } from './chart.js';
import { evaluationCharts } from './charts.js';
import { evaluationCsv } from './csv.js';
import { evaluationResults, type EvaluationResults, type ScoredVolumes } from './results.js';
import { htmlReport, type ReportSheet } from './html.js';
import type { CompartmentSpread, ReportInput } from './input.js';
import { renderChart } from './render.js';
import type { ReportTable } from './cells.js';
import { evaluationTables } from './tables.js';

/** What a report adds to the figures. */
export interface ReportRequest {
  name: string;
  createdAt: string;
  /** Names of the cohorts and the filter that chose the exams, for people. */
  selection: string;
  leftOut: { withoutMri: number; withoutRadiograph: number };
  volumes: ScoredVolumes;
  sheets: ReportSheet[];
  compartments: { arm: number; against: number; knees: number; regions: CompartmentSpread[] }[];
}

export interface ReportFile {
  name: string;
  mediaType: string;
  bytes: Uint8Array;
}

/** Figures, charts and tables as data, and the files that show them. */
export interface EvaluationReport {
  results: EvaluationResults;
  charts: Chart[];
  tables: ReportTable[];
  sheets: Omit<ReportSheet, 'png'>[];
  files: ReportFile[];
}

/** Makes the whole report of an evaluation. */
export async function evaluationReport(request: ReportRequest): Promise<EvaluationReport> {
  const { name, volumes, sheets, compartments } = request;
  const results = evaluationResults(volumes);
  const { arms, settings } = volumes;
  const people = whose(volumes);
  const note = `${people.sentence} ${settingsSentence(volumes)} Every volume is synthetic; nothing here is clinically valid.`;
  const input: ReportInput = {
    name,
    arms,
    settings,
    volumes,
    results,
    note,
    reference: people.reference,
    compartments,
  };
  const tables = evaluationTables(input);
  const charts: (Chart & { svg: string; png: Buffer })[] = [];
  for (const chart of evaluationCharts(input)) charts.push({ ...chart, ...(await renderChart(chart)) });
  const page = htmlReport({
    title: `Evaluation: ${name}`,
    warning: warningOf(people.kind),
    facts: facts(request),
    charts,
    sheets,
    tables,
  });
  return {
    results,
    charts: charts.map(({ name: file, title, caption, spec }) => ({ name: file, title, caption, spec })),
    tables,
    sheets: sheets.map(({ name: file, title, caption }) => ({ name: file, title, caption })),
    files: [
      { name: 'report.html', mediaType: 'text/html', bytes: Buffer.from(page) },
      { name: 'scores.csv', mediaType: 'text/csv', bytes: Buffer.from(evaluationCsv(volumes)) },
      ...charts.flatMap(({ name: file, svg, png }) => [
        { name: `${file}.svg`, mediaType: 'image/svg+xml', bytes: Buffer.from(svg) },
        { name: `${file}.png`, mediaType: 'image/png', bytes: png },
      ]),
      ...sheets.map(({ name: file, png }) => ({ name: `${file}.png`, mediaType: 'image/png', bytes: png })),
    ],
  };
}

type Kind = 'NONE' | 'SOME' | 'ALL';

/** The sentence that every caption begins with: how many knees, whose. */
export function whose({ exams }: Pick<ScoredVolumes, 'exams'>): { kind: Kind; sentence: string; reference: string } {
  const knees = exams.length;
  const people = new Set(exams.map(({ participantId }) => participantId)).size;
  const phantoms = exams.filter(({ phantom }) => phantom).length;
  const kind = phantoms === 0 ? 'NONE' : phantoms === knees ? 'ALL' : 'SOME';
  const who = {
    NONE: 'imported as real',
    SOME: `${phantoms} of them phantoms of a synthetic release and not patients`,
    ALL: 'all phantoms of a synthetic release, not patients',
  }[kind];
  return {
    kind,
    sentence: `${knees} knee${knees === 1 ? '' : 's'} of ${people} ${people === 1 ? 'person' : 'people'}, ${who}.`,
    reference: { NONE: 'knees', SOME: 'knees and phantoms', ALL: 'phantoms' }[kind],
  };
}

function settingsSentence({ settings }: ScoredVolumes): string {
  const { resamples, seed } = settings;
  return (
    `PSNR on a data range of 1; SSIM and RSSIM with scikit-image's 7x7 uniform window (mode "${settings.ssimMode}"); ` +
    `${resamples} resamples by person, seed ${seed}.`
  );
}

function warningOf(kind: Kind): string {
  const whom = {
    NONE: 'Generated volumes are compared with imported MRI series.',
    SOME: 'Some of the knees are phantoms: drawings of invented people, not patients. Their figures say nothing about real knees.',
    ALL: 'All of these knees are phantoms: drawings of invented people. The figures say nothing about real knees.',
  }[kind];
  return (
    `${whom} Every generated volume is synthetic. Nothing here is clinically valid. ` +
    `Published PSNR of about 29 dB for this task cannot be compared with these: that figure looks like unsigned-byte wrap-around.`
  );
}

function facts({ createdAt, selection, leftOut, volumes }: ReportRequest): [string, string][] {
  const { arms, exams, scores, settings } = volumes;
  const { withoutMri, withoutRadiograph } = leftOut;
  const scored = scores.filter(({ state }) => state === 'SUCCEEDED').length;
  const reused = scores.filter((score) => score.reused).length;
  return [
    ['Asked for', createdAt],
    ['Exams', `${whose({ exams }).sentence} ${selection}`],
    ['Left out', `${withoutMri} without a series to compare with, ${withoutRadiograph} without a radiograph`],
    ['Arms', arms.map(({ label }) => label).join('; ')],
    ['Volumes', `${scored} of ${scores.length} scored, ${reused} of them made before`],
    ['SSIM and RSSIM', `mode "${settings.ssimMode}" (7x7 uniform window, sample covariance), data range 1`],
    ['Seed', `${settings.seed}, ${settings.seedRule === 'FIXED' ? 'the same for every knee' : 'from it one per knee'}`],
  ];
}
