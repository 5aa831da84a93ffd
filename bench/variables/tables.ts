import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Adds to the synthetic tables of a release what OAI has beside them: questionnaires, examinations, and readings of images, each with as many
 * columns and rows as the real one or a little more. The values are drawn anew; their shapes are those of the labelled ASCII form.
 *
 * Run as a program: `node tables.js FOLDER`, with the folder of the tables.
 */
interface Wide {
  /** Name without the visit's number. */
  table: string;
  visits: readonly string[];
  columns: number;
  /** Share of the participants of the visit that it tells of. */
  share: number;
  /** Rows per participant: one, or one for each knee. */
  knees: boolean;
}

const CLINIC = ['00', '01', '03', '05', '06', '08', '10'];
const WIDE: readonly Wide[] = [
  { table: 'PhysExam', visits: CLINIC, columns: 150, share: 1, knees: false },
  { table: 'MedHist', visits: CLINIC, columns: 150, share: 1, knees: false },
  { table: 'Medications', visits: CLINIC, columns: 90, share: 1, knees: false },
  { table: 'Nutrition', visits: ['00'], columns: 330, share: 1, knees: false },
  { table: 'kMRI_SQ_MOAKS_BICL', visits: ['00', '01', '03', '06'], columns: 180, share: 0.3, knees: true },
  { table: 'kMRI_SQ_BLKSBML_BICL', visits: ['00', '01', '03'], columns: 90, share: 0.2, knees: true },
  { table: 'kMRI_SQ_WORMS_Link', visits: ['00', '03', '06'], columns: 210, share: 0.2, knees: true },
  { table: 'kMRI_QCart_Eckstein', visits: ['00', '01', '03', '06'], columns: 520, share: 0.25, knees: true },
  { table: 'kMRI_QCart_VS', visits: ['00', '01', '03'], columns: 130, share: 0.3, knees: true },
  { table: 'kXR_FTA_Duryea', visits: CLINIC, columns: 12, share: 0.9, knees: true },
  { table: 'hxr_sq_summary', visits: ['00', '06'], columns: 90, share: 0.7, knees: false },
  { table: 'flXR_KneeAlign_Cooke', visits: ['01', '03'], columns: 40, share: 0.6, knees: true },
];

export function addWideTables(folder: string): void {
  for (const wide of WIDE) for (const visit of wide.visits) writeWide(folder, wide, visit);
}

function writeWide(folder: string, { table, columns, share, knees }: Wide, visit: string): void {
  const names = Array.from({ length: columns }, (_, index) => columnName(table, index));
  const file = openSync(join(folder, `${table}${visit}.txt`), 'w');
  const key = knees ? ['ID', 'SIDE', 'READPRJ', 'VERSION'] : ['ID', 'VERSION'];
  let pending = `${[...key, ...names.map((name) => `V${visit}${name}`)].join('|')}\r\n`;
  const draw = generator(`${table}${visit}`);
  for (const id of participantsOf(folder, visit)) {
    if (draw() > share) continue;
    for (const side of knees ? ['1: Right', '2: Left'] : ['']) {
      const cells = names.map((_, index) => cellOf(index, draw));
      pending += `${[id, ...(knees ? [side, '15', '0.5'] : ['25']), ...cells].join('|')}\r\n`;
    }
    if (pending.length > 1 << 20) {
      writeSync(file, pending);
      pending = '';
    }
  }
  writeSync(file, pending);
  closeSync(file);
}

/** Who has a row in AllClinical of the visit. */
function participantsOf(folder: string, visit: string): string[] {
  const file = readdirSync(folder).find((name) => name.toLowerCase() === `allclinical${visit}.txt`)!;
  const rows = readFileSync(join(folder, file), 'latin1').split('\r\n').slice(1);
  return rows.filter((row) => row !== '').map((row) => row.slice(0, 7));
}

/** Short names with the table's letters, as OAI has them; those of every fifth column are of either knee. */
function columnName(table: string, index: number): string {
  const stem =
    table
      .toUpperCase()
      .replace(/[^A-Z]/g, '')
      .slice(0, 2) +
    createHash('md5')
      .update(`${table} ${index >> 1}`)
      .digest('hex')
      .slice(0, 4)
      .toUpperCase();
  return index % 10 < 2 ? `${stem}${index % 2 ? 'L' : 'R'}KN${index >> 1}` : `${stem}${index}`;
}

/** Half of the columns are coded, a quarter are measurements, the others counts; every tenth cell or so is missing or blank. */
function cellOf(column: number, draw: () => number): string {
  const chance = draw();
  if (chance < 0.06) return '.: Missing Form/Incomplete Workbook';
  if (chance < 0.08) return MISSING[column % MISSING.length]!;
  if (chance < 0.12) return ' ';
  const value = draw();
  if (column % 4 < 2) return CODES[Math.floor(value * value * CODES.length)]!;
  if (column % 4 === 2) return (value * 120).toFixed(column % 3);
  return String(Math.floor(value * 30));
}

const MISSING = ['.A: Not Expected', ".D: Don't Know/Unknown/Uncertain", '.R: Refused', '.T: Technical Problems'];
const CODES = ['0: No', '1: Yes', '2: Mild', '3: Moderate', '4: Severe'];

/** Uniform numbers in [0, 1), the same for the same name (xorshift32). */
function generator(name: string): () => number {
  let state = createHash('md5').update(name).digest().readUInt32LE() || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) addWideTables(process.argv[2]);
