import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../../domain/errors.js';
import { type Stated, statedIn } from '../../services/arrivals/index.js';

const COLUMNS = ['patient', 'participant', 'visit', 'side'];

/**
 * Reads which participant a site's patients are: a CSV file with the columns patient (PatientID) and participant, and visit and side where
 * they are the same for all that comes of one. It stays with the site: nothing of it is kept.
 *
 * @returns what is stated of each patient, by PatientID
 * @throws UserError BAD_USER_INPUT naming the line, and no patient
 */
export async function readPatients(path: string): Promise<ReadonlyMap<string, Stated>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError('BAD_USER_INPUT', `The file of patients cannot be read: ${error.code}.`, { cause: error });
  });
  const patients = new Map<string, Stated>();
  for (const [index, row] of rowsOf(text).entries()) {
    const line = index + 2;
    const { patient, ...said } = row;
    if (!patient || !said['participant']) refuse(line, 'names no patient or no participant');
    if (patients.has(patient)) refuse(line, 'names a patient whom an earlier line names');
    try {
      patients.set(patient, statedIn(said));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refuse(line, `cannot be used: ${error.message.replace(/\.$/, '')}`);
    }
  }
  return patients;
}

function rowsOf(text: string): Record<string, string>[] {
  try {
    const header = (names: string[]) => {
      const unknown = names.find((name) => !COLUMNS.includes(name));
      if (unknown !== undefined || !names.includes('patient') || !names.includes('participant')) {
        throw new UserError(
          'BAD_USER_INPUT',
          'The file of patients begins with the names of its columns: patient, participant, and visit and side if it has them.',
        );
      }
      return names;
    };
    return parse<Record<string, string>>(text, { bom: true, columns: header, skip_empty_lines: true, trim: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError('BAD_USER_INPUT', `The file of patients is no CSV file (${error.code}).`, { cause: error });
  }
}

function refuse(line: number, why: string): never {
  throw new UserError('BAD_USER_INPUT', `Line ${line} of the file of patients ${why}.`);
}
