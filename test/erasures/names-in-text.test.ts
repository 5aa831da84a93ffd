import { nameReplacer, replaceOaiIds } from '../../src/domain/names-in-text.js';

const DIGEST = `${'ab'.repeat(16)}c9000001d${'ef'.repeat(11)}a`;
const OTHER_DIGEST = 'cd'.repeat(32);
const UUID = '0b7c9000-1c2d-4e3f-8a9b-c9000001dead';
const UID = '1.3.12.2.77.7';
const erase = (text: string) => nameReplacer(['9000001', UID, OTHER_DIGEST, 'S25lZUV4YW06MQ'])(text, () => 'erased');

test.each([
  ['9000001', 'erased'],
  ['9000001_controls', 'erased_controls'],
  ['P9000001 and kneeR9000001b.', 'Perased and kneeRerasedb.'],
  [String.raw`C:\new\n9000001`, String.raw`C:\new\nerased`],
  ['19000001 90000012', '19000001 90000012'],
  [`study_${UID}, ${UID}1`, `study_erased, ${UID}1`],
  [`${OTHER_DIGEST}.png f${OTHER_DIGEST}`, `erased.png f${OTHER_DIGEST}`],
  [`gS25lZUV4YW06MQ S25lZUV4YW06MQ`, `gS25lZUV4YW06MQ erased`],
])('of %s the names become %s', (text, expected) => {
  expect(erase(text)).toBe(expected);
});

test.each([DIGEST, UUID, `participant:c9000001${'b'.repeat(8)}`])(
  'seven digits that stand in %s by chance are no id',
  (text) => {
    expect([erase(text), replaceOaiIds(text, () => 'erased')]).toEqual([text, text]);
  },
);

test('ids are found by whoever does not know them, by the same rule', () => {
  const seen: string[] = [];

  const text = replaceOaiIds(`P9000001, 9000002_x: ${DIGEST} 12345678`, (id) => `<${seen.push(id)}>`);

  expect([text, seen]).toEqual([`P<1>, <2>_x: ${DIGEST} 12345678`, ['9000001', '9000002']]);
});
