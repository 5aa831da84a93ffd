import { closeReason } from '../../src/server/close-reason.js';

test.each([
  ['a short one', 'No.', 'No.'],
  ['Latin letters', 'a'.repeat(200), 'a'.repeat(123)],
  ['Cyrillic letters', 'я'.repeat(200), 'я'.repeat(61)],
  ['characters of two UTF-16 units', '🦴'.repeat(200), '🦴'.repeat(30)],
])('a reason fits into the frame that closes a socket, in whole characters: %s', (_name, sentence, reason) => {
  expect(closeReason(sentence)).toBe(reason);
});
