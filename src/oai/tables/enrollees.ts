import { RACES, type Race, SEXES, type Sex, STUDY_COHORTS, type StudyCohort } from '../../domain/participants.js';
import { parseCode, parseText, refuseRow } from '../values.js';
import type { Columns } from './columns.js';
import { fieldOf, participantReader, readStatements, type RowReader, versionReader } from './reader.js';
import type { EnrolleeRecord } from './records.js';

const SEX_WORDS: Readonly<Record<string, Sex>> = { ...SEXES, M: 'MALE', F: 'FEMALE' };

/** NDA's table has words where OAI's has codes. */
const RACE_WORDS: Readonly<Record<string, Race>> = {
  ...RACES,
  WHITE: 'WHITE',
  'BLACK OR AFRICAN AMERICAN': 'BLACK',
  ASIAN: 'ASIAN',
};
const HISPANIC: Readonly<Record<string, boolean>> = { 0: false, 1: true };
const COHORTS: Readonly<Record<string, StudyCohort>> = STUDY_COHORTS;
const HALVES: Readonly<Record<string, number>> = { 1: 1, 2: 2 };

/** Who takes part: one row per participant. */
export function enrolleeReader(columns: Columns): RowReader<EnrolleeRecord> {
  const participant = participantReader(columns);
  const version = versionReader(columns);
  const coded = <T extends string | number | boolean>(
    field: string,
    meanings: Readonly<Record<string, T>>,
    ...names: string[]
  ) => fieldOf(field, [columns.find(...names)], (text, name) => parseCode<T>(text, name, meanings));
  const fields = [
    ...coded('sex', SEX_WORDS, 'P02SEX', 'SEX', 'GENDER'),
    ...coded('race', RACE_WORDS, 'P02RACE', 'RACE'),
    ...coded('hispanic', HISPANIC, 'P02HISP'),
    ...coded('cohort', COHORTS, 'V00COHORT', 'E_COHORT', 'COHORT'),
    ...fieldOf('site', [columns.find('V00SITE', 'SITE')], parseSite),
    ...coded('cohortHalf', HALVES, 'V00CHRTHLF'),
  ];
  return {
    key: ({ oaiId }) => oaiId,
    read: (cells, refuseCell) => ({
      oaiId: participant(cells),
      version: version(cells),
      said: readStatements(cells, fields, refuseCell),
    }),
  };
}

/** A letter; it would be a missing code in a column of numbers. */
function parseSite(text: string, column: string): string | null {
  const site = parseText(text)?.replace(/:.*$/, '').toUpperCase() ?? null;
  return site === null || /^[A-Z]$/.test(site)
    ? site
    : refuseRow(`${column} is "${site.slice(0, 40)}"; a letter is accepted`);
}
