import type { VisitCode } from '../../domain/visits.js';
import { VISITS } from '../../domain/visits.js';
import { BOTH_SIDES, type Person, type PersonVisit } from './people.js';
import { Random } from './random.js';
import { BLANK } from './table-cells.js';

const DAY = 86_400_000;

const KNEE_COLUMNS = ['DATE', 'FLDT', 'RPCF', 'TLPR', 'BLRP', 'VSRP', 'DAYS', 'VSPR', 'VSAF'];
const HIP_COLUMNS = ['DATE', 'FLDT', 'RPCF', 'DAYS', 'VSPR', 'VSAF', 'VSRP', 'BLRP'];

/** Columns of Outcomes99 that are written, in OAI's order: last contact, replacement of knees and hips, death. */
export const OUTCOMES_HEADER: readonly string[] = [
  ...['id', 'version', 'V99RNTCNT'],
  ...['RK', 'LK'].flatMap((joint) => KNEE_COLUMNS.map((column) => `V99E${joint}${column}`)),
  ...['RH', 'LH'].flatMap((joint) => HIP_COLUMNS.map((column) => `V99E${joint}${column}`)),
  ...['CF', 'DATE', 'FLDT', 'VSPR'].map((column) => `V99EDD${column}`),
];

/** What became of a person who came to these visits, in order of time: a row of Outcomes99. */
export function outcomeRow(seed: number, person: Person, attended: readonly PersonVisit[]): string[] {
  const contacts = attended.map(({ visit, date }) => ({ visit, day: dayOf(person, date) }));
  const last = contacts.at(-1)!;
  const knees = BOTH_SIDES.map((side) => {
    const random = new Random(seed, person.index, side, 'knee outcome');
    return replacementCells(KNEE_COLUMNS, person, contacts, person.replacedAt[side], random);
  });
  const hips = BOTH_SIDES.map((side) => {
    const random = new Random(seed, person.index, side, 'hip outcome');
    // About 1 % before the study, and 2.5 % in its ten years.
    const month = random.chance(0.01) ? -12 : random.chance(0.03) ? random.between(3, 120) : Infinity;
    return replacementCells(HIP_COLUMNS, person, contacts, month, random);
  });
  return [person.id, '11', visitCell(last.visit), ...knees.flat(), ...hips.flat(), ...deathCells(seed, person, last)];
}

interface Contact {
  readonly visit: VisitCode;
  /** After baseline. */
  readonly day: number;
}

/** The study hears of a replacement from who still comes. */
function replacementCells(
  columns: readonly string[],
  person: Person,
  contacts: readonly Contact[],
  month: number,
  random: Random,
): string[] {
  const [sureness, partial] = [random.uniform(), random.chance(0.065)];
  const day = Math.round(month * 30.44);
  const before = contacts.findLast((contact) => contact.day <= day);
  const after = contacts.find((contact) => contact.day > day);
  const known = month > 0 && before !== undefined && after !== undefined;
  const cells: Record<string, string> = { BLRP: month <= 0 ? '1: Yes' : '0: No' };
  if (known) {
    const confirmation = sureness < 0.025 ? 0 : sureness < 0.033 ? 1 : 2;
    Object.assign(cells, {
      DATE: shortDate(person, day),
      FLDT: confirmation === 2 ? '1: Confirmed date from documentation' : '0: Reported date',
      RPCF: CONFIRMATIONS[confirmation]!,
      DAYS: String(day),
      VSPR: visitCell(before.visit),
      VSAF: visitCell(after.visit),
      VSRP: visitCell(after.visit),
      ...(confirmation === 2 && { TLPR: partial ? '2: Partial' : '1: Total' }),
    });
  }
  return columns.map((column) => cells[column] ?? BLANK);
}

const CONFIRMATIONS = [
  '1: Self-reported replacement',
  '2: Replacement pending adjudication',
  '3: Replacement adjudicated, confirmed',
] as const;

/** Of those who stopped coming some had died, the older the more: about one in seventeen of all. */
function deathCells(seed: number, person: Person, last: Contact): string[] {
  const random = new Random(seed, person.index, 'death');
  const [died, documented] = [random.uniform(), random.chance(0.92)];
  if (person.lastMonth === Infinity || died > 0.17 * Math.exp((person.age - 61) / 14)) {
    return [BLANK, BLANK, BLANK, BLANK];
  }
  const day = Math.max(last.day + 7, Math.round((person.lastMonth + random.between(0.5, 11)) * 30.44));
  return [
    documented ? '2: Death adjudicated, confirmed' : '1: Death pending adjudication',
    shortDate(person, day),
    documented ? '1: Confirmed date from documentation' : '0: Reported death',
    visitCell(last.visit),
  ];
}

function dayOf({ baseline }: Person, date: Date): number {
  return Math.round((date.getTime() - baseline.getTime()) / DAY);
}

/** mm/dd/yy, as Outcomes99 has its dates. */
function shortDate({ baseline }: Person, day: number): string {
  const [year, month, of] = new Date(baseline.getTime() + day * DAY).toISOString().slice(0, 10).split('-');
  return `${month}/${of}/${year!.slice(2)}`;
}

/** "6: 48-month". */
function visitCell(code: VisitCode): string {
  const { month } = VISITS.find((visit) => visit.code === code)!;
  return `${Number(code.slice(1))}: ${month === 0 ? 'Baseline' : `${month}-month`}`;
}
