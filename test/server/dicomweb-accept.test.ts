import fc from 'fast-check';
import type { UserError } from '../../src/domain/errors.js';
import { acceptedTypes, chooseType, takesParts } from '../../src/server/dicomweb/accept.js';

const accepted = (accept?: string, query = {}) =>
  acceptedTypes({ query, headers: accept === undefined ? {} : { accept } });

test('types come by their q, in the order they were given, with what the parts are and their transfer syntax', () => {
  expect(
    accepted('text/html;q=0.5, multipart/related; type="application/dicom"; transfer-syntax=*, image/*;q=0.9, a/b;q=0'),
  ).toEqual([
    { essence: 'multipart/related', partType: 'application/dicom', transferSyntax: '*', q: 1 },
    { essence: 'image/*', partType: null, transferSyntax: null, q: 0.9 },
    { essence: 'text/html', partType: null, transferSyntax: null, q: 0.5 },
  ]);
});

test('commas and semicolons in quotes belong to a parameter, and types may be unquoted', () => {
  expect(accepted('multipart/related; type="a/b,c;d", x/y')).toHaveLength(2);
  expect(accepted('multipart/related; type=application/dicom')[0]!.partType).toBe('application/dicom');
});

test('the query goes before the header, and who says nothing takes anything', () => {
  expect(accepted('image/png', { accept: 'image/jpeg' })[0]!.essence).toBe('image/jpeg');
  expect(accepted()[0]!.essence).toBe('*/*');
});

test('ranges take what is in them', () => {
  expect(chooseType(accepted('image/*'), ['application/json', 'image/png'])).toBe('image/png');
  expect(chooseType(accepted('*/*'), ['application/json', 'image/png'])).toBe('application/json');
  expect(() => chooseType(accepted('video/*'), ['image/png'])).toThrow('There is image/png here.');
  const [any] = accepted('multipart/related; type="*/*"');
  const [images] = accepted('multipart/related; type="image/*"');
  expect([takesParts(any!, 'application/dicom'), takesParts(images!, 'application/dicom')]).toEqual([true, false]);
});

test('whatever a header holds, it is read or not acceptable', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('multipart/related', 'type=', '"', ';', ',', '*', 'q=', '=', ' ', '\\', 'a/b'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (accept) => {
      try {
        for (const { q } of accepted(accept)) expect(q).toBeGreaterThan(0);
      } catch (error) {
        expect((error as UserError).code).toBe('NOT_ACCEPTABLE');
      }
    }),
    { numRuns: 2_000 },
  );
});
