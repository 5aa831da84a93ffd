import { RACES, type Race, SEXES, type Sex, STUDY_COHORTS, type StudyCohort } from '../../domain/participants.js';
import { parseCode, parseText, refuseRow } from '../values.js';
import type { Columns } from './columns.js';
import { cell, participantReader, type RowReader } from './reader.js';
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
  const sex = columns.find('P02SEX', 'SEX', 'GENDER');
  const race = columns.find('P02RACE', 'RACE');
  const hispanic = columns.find('P02HISP');
  const cohort = columns.find('V00COHORT', 'E_COHORT', 'COHORT');
  const site = columns.find('V00SITE', 'SITE');
  const half = columns.find('V00CHRTHLF');
  const present = { sex, race, hispanic, cohort, site, cohortHalf: half };
  return {
    fields: Object.entries(present).flatMap(([field, column]) => (column ? [field] : [])),
    key: ({ oaiId }) => oaiId,
    read(cells) {
      const record: EnrolleeRecord = { oaiId: participant(cells) };
      if (sex) record.sex = parseCode(cell(cells, sex), sex.name, SEX_WORDS);
      if (race) record.race = parseCode(cell(cells, race), race.name, RACE_WORDS);
      if (hispanic) record.hispanic = parseCode(cell(cells, hispanic), hispanic.name, HISPANIC);
      if (cohort) record.cohort = parseCode(cell(cells, cohort), cohort.name, COHORTS);
      if (site) record.site = parseSite(cell(cells, site), site.name);
      if (half) record.cohortHalf = parseCode(cell(cells, half), half.name, HALVES);
      return record;
    },
  };
}

/** A letter; it would be a missing code in a column of numbers. */
function parseSite(text: string, column: string): string | null {
  const site = parseText(text)?.replace(/:.*$/, '').toUpperCase() ?? null;
  return site === null || /^[A-Z]$/.test(site)
    ? site
    : refuseRow(`${column} is "${site.slice(0, 40)}"; a letter is accepted`);
}
