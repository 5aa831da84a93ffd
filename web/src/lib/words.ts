import { enums } from 'virtual:schema-language';
import { features } from 'virtual:variables';

/** What an enum value means, e.g. `VisitCode` `V03` is "24 months"; the value itself where the schema says nothing. */
export function meaning(type: string, value: string): string {
  return enums[type]?.find((known) => known.value === value)?.description || value;
}

/** The 19 radiographic features, e.g. XRJSM: "Joint space narrowing, medial". */
export interface Feature {
  code: string;
  name: string;
}

export const FEATURES: readonly Feature[] = features;

/** The name of a feature; the code itself for what is none. */
export function featureName(code: string): string {
  return features.find((known) => known.code === code)?.name ?? code;
}

/** The grades that a feature can have, from 0; none for what is no feature. */
export function gradesOf(code: string): number[] {
  return Array.from({ length: features.find((known) => known.code === code)?.levels ?? 0 }, (_, grade) => grade);
}

/** A grade as the OARSI atlas and the Kellgren-Lawrence scale put it. */
export function gradeTerm(code: string, grade: number | null): string {
  if (grade === null) return 'missing';
  const whole = Math.floor(grade);
  const within = grade > whole ? ', narrower than before' : '';
  if (code === 'XRKL') return KL_TERMS[whole] ?? String(grade);
  if (gradesOf(code).length === 2) return whole === 1 ? 'present' : 'absent';
  return (OARSI_TERMS[whole] ?? String(grade)) + within;
}

const KL_TERMS = [
  'no osteoarthritis',
  'doubtful: possible osteophytes',
  'mild: definite osteophytes',
  'moderate: definite joint space narrowing',
  'severe: marked narrowing, bone deformed',
];

const OARSI_TERMS = ['none', 'mild', 'moderate', 'severe'];

/** "baseline", "24 months". */
export function visitName(code: string): string {
  return meaning('VisitCode', code).replace(/ \(.*\)$/, '');
}

export function sideName(side: string): string {
  return side.toLowerCase();
}

const INTEGER = new Intl.NumberFormat('en');

/** "12,345"; "–" for nothing. */
export function count(value: number | null | undefined): string {
  return value == null ? '–' : INTEGER.format(value);
}

/** "1 knee", "2 knees". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${INTEGER.format(value)} ${value === 1 ? one : many}`;
}

export function decimal(value: number | null | undefined, digits: number, unit = ''): string {
  return value == null ? '–' : value.toFixed(digits) + unit;
}

/** "850 ms", "42 s", "3 min 5 s", "2 h 10 min". */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds == null) return '–';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "3 s ago"; a clock that is behind the server's makes it "now". */
export function ago(iso: string): string {
  const passed = Date.now() - Date.parse(iso);
  return passed < 1000 ? 'now' : `${duration(passed)} ago`;
}

/** What tasks make: one, and many. */
const MADE: Readonly<Record<string, readonly [one: string, many: string]>> = {
  XRAY_TO_MRI: ['MRI volume', 'MRI volumes'],
  IMAGE_RESTORATION: ['restored film', 'restored films'],
  XRAY_PROGRESSION: ['knee at other grades', 'knees at other grades'],
  MRI_SUPER_RESOLUTION: ['finer MRI series', 'finer MRI series'],
  MRI_INPAINTING: ['filled-in MRI series', 'filled-in MRI series'],
};

/** Tasks that make something. */
export const TASKS: readonly string[] = Object.keys(MADE);

/** What a task makes, e.g. "restored film". */
export function taskName(task: string): string {
  return MADE[task]?.[0] ?? task.toLowerCase().replaceAll('_', ' ');
}

/** "1 restored film", "12 restored films". */
export function countedMade(value: number, task: string): string {
  return counted(value, ...(MADE[task] ?? ['result', 'results']));
}

/** "Left knee of 9000099, 24 months"; of a film that was uploaded there is nobody to name. */
export function kneeName({ side, exam }: { side: string | null; exam: KnownKnee | null }): string {
  const whose = exam
    ? `${exam.participant.oaiId}, ${visitName(exam.visit.code).toLowerCase()}`
    : 'an uploaded radiograph';
  if (side === null) return 'Uploaded radiograph';
  return `${side === 'LEFT' ? 'Left' : 'Right'} knee of ${whose}`;
}

interface KnownKnee {
  participant: { oaiId: string };
  visit: { code: string };
}

/** "1.2 MB". */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export function moment(iso: string | null | undefined): string {
  return iso == null ? '–' : MOMENT.format(new Date(iso));
}
