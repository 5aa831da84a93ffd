import {
  calendarDate,
  normaliseBarcode,
  parseCell,
  parseCode,
  parseDate,
  parseNumber,
  parseNumericCell,
  parseText,
} from '../../src/oai/values.js';
import { tellReason } from '../../src/oai/cells-in-reasons.js';

/** The reason that a cell is refused for, as a report that may quote it tells. */
function refusalOf(read: () => unknown): string {
  try {
    return `Nothing was refused: ${String(read())}`;
  } catch (error) {
    return tellReason((error as Error).message, { showValues: true });
  }
}

test.each([
  ['', null, null],
  [' ', null, null],
  [' : Not QCd or meets QC standard', null, null],
  ['.', null, '.'],
  ['.: Missing Form/Incomplete Workbook', null, '.'],
  ['.P', null, '.P'],
  ['.p', null, '.P'],
  ['.A: Not Expected', null, '.A'],
  ['1: Male', '1', null],
  ['0: No', '0', null],
  ['1.4: 1.4', '1.4', null],
  ['3', '3', null],
  ['Y: QCd and found to be acceptable', 'Y', null],
])('the cell "%s" is the value %p, missing for the reason %p', (text, value, missing) => {
  expect(parseCell(text)).toEqual({ value, missing });
});

test.each([
  ['A', '.A'],
  ['P', '.P'],
  ['T', '.T'],
  ['M', '.M'],
  ['a', '.A'],
  ['m', '.M'],
])('a lone %s among numbers is the missing code %s', (letter, missing) => {
  expect(parseNumericCell(letter)).toEqual({ value: null, missing });
});

test('numbers may be labelled, must be in range, and are refused with the column otherwise', () => {
  const range = { min: 0, max: 20 };

  expect(parseNumber('7: 7', 'V00WOMKPR', range)).toBe(7);
  expect(parseNumber('.R', 'V00WOMKPR', range)).toBeNull();
  expect(refusalOf(() => parseNumber('21', 'V00WOMKPR', range))).toContain(
    'V00WOMKPR is "21"; a number from 0 to 20 is accepted.',
  );
  expect(refusalOf(() => parseNumber('1e1', 'V00WOMKPR', range))).toContain('V00WOMKPR is "1e1"');
});

test('codes are read with label, as SAS writes them, and as letters where letters are codes', () => {
  const sexes = { 1: 'MALE', 2: 'FEMALE', M: 'MALE', F: 'FEMALE' };

  expect(['1: Male', '2', '1.0', '01', 'F', 'm', '.M', ''].map((text) => parseCode(text, 'P02SEX', sexes))).toEqual([
    ...['MALE', 'FEMALE', 'MALE', 'MALE', 'FEMALE', 'MALE'],
    ...[null, null],
  ]);
  expect(refusalOf(() => parseCode('3: Other', 'P02SEX', sexes))).toContain('P02SEX is "3"; accepted are 1, 2, M, F.');
});

test('dates are read in every form of a release, and days that no calendar has are refused', () => {
  const dates = ['03/04/2005', '3/4/05', '12/31/98', '20050304', '2005-03-04'];

  expect(dates.map((text) => parseDate(text, 'V00EVDATE'))).toEqual([
    ...['2005-03-04', '2005-03-04', '1998-12-31', '2005-03-04', '2005-03-04'],
  ]);
  expect(parseDate('.: Missing Form/Incomplete Workbook', 'V00EVDATE')).toBeNull();
  expect(refusalOf(() => parseDate('02/30/2005', 'V00EVDATE'))).toContain(
    'V00EVDATE is "02/30/2005"; a date as mm/dd/yyyy is accepted.',
  );
  expect(calendarDate('00000000')).toBeNull();
});

test('barcodes become twelve digits, whichever zeros were lost', () => {
  const given = ['016610200001', '16610200001', '10200001', '100000', '00100000 '];

  expect(given.map(normaliseBarcode)).toEqual([
    ...['016610200001', '016610200001', '016610200001', '016600100000', '016600100000'],
  ]);
  expect(['T', '', '../1', '123456789', '999910200001', '1234567890123'].map(normaliseBarcode)).toEqual(
    Array(6).fill(null),
  );
});

test('words keep no control characters, which the database would refuse', () => {
  expect(parseText('Bilateral\0 PA\tKnee ')).toBe('Bilateral  PA Knee');
  expect(parseText('.: Missing')).toBeNull();
});
