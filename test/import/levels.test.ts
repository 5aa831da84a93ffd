import fc from 'fast-check';
import { parseStoredCell } from '../../src/oai/index.js';
import { Levels } from '../../src/services/imports/stored-levels.js';

test('cells that say the same are one level, however they are written', () => {
  const levels = new Levels(1, []);

  expect(['1', ' 1 ', '1.0', '01: Yes', '1: Yes', '2'].map((cell) => levels.encode(cell))).toEqual([1, 1, 1, 2, 1, 3]);
  expect(levels.level(1)).toEqual({ code: 1, text: '1', number: 1, label: 'Yes', missing: null });
  expect(levels.level(3)).toEqual({ code: 3, text: '2', number: 2, label: null, missing: null });
  expect(levels.added).toEqual([1, 2, 3]);
  expect(levels.labelled).toEqual([1]);
});

test('blanks are no level, and codes of why there is no value are levels without one', () => {
  const levels = new Levels(1, []);

  expect(
    ['', ' ', 'NA', '.: Missing Form/Incomplete Workbook', '.P', '3.5'].map((cell) => levels.encode(cell)),
  ).toEqual([0, 0, 0, 1, 2, 3]);
  expect([1, 2, 3].map((code) => levels.isMissing(code))).toEqual([true, true, false]);
  expect(levels.kind()).toBe('NUMBER');
});

test('levels that were stored keep their numbers, and new ones come after the last', () => {
  const levels = new Levels(1, [
    { code: 2, text: '7', number: 7, label: null, missing: null },
    { code: 5, text: '.A', number: null, label: null, missing: '.A' },
  ]);

  expect(['7', '7.00', '.A', '8'].map((cell) => levels.encode(cell))).toEqual([2, 2, 5, 6]);
  expect(levels.added).toEqual([6]);
  expect(levels.kind()).toBe('NUMBER');
});

test('the text of whatever a cell says reads as itself', () => {
  const parts = fc.constantFrom(
    '1',
    '0',
    'Y',
    '.P',
    ': ',
    ' ',
    '\u0001',
    '/',
    '-',
    '2004-01-02',
    'a sentence',
    'NA',
    '.',
    ',',
  );
  const cells = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(parts, { maxLength: 8 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(cells, (cell) => {
      const said = parseStoredCell(cell);
      fc.pre(said !== null);
      expect(parseStoredCell(said.text)?.text).toBe(said.text);
    }),
    { numRuns: 1000 },
  );
});
