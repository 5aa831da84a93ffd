/** Puts something else in the place of every name that a text holds. */
export type NameReplacer = (text: string, become: (name: string) => string) => string;

/** Whole digests, however long, and UUIDs. */
const DIGEST = within('[0-9a-f]', '(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,})');

/**
 * Replaces names that are known. Where a name stands between others is decided here alone, for whoever looks for one:
 *
 * - An id, a barcode, a UID ends where its digits end: a letter or an underscore beside it, as in "P9000001" or "9000001_controls", makes it nobody
 *   else's.
 * - A digest or a UUID is a name as a whole. Digits within one stand there by chance: three digests in ten have seven in a row, and one of them may
 *   be what an audit row or a stored file is known by.
 * - Any other name is a word.
 *
 * @param names each one as it is written
 */
export function nameReplacer(names: readonly string[]): NameReplacer {
  const known = new Set(names);
  return replacer(
    names.map((name) => within(/^\d(?:.*\d)?$/.test(name) ? '\\d' : '\\w', literally(name))),
    (digest) => known.has(digest),
  );
}

/** Replaces ids of participants, whoever's they are: seven digits, where {@link nameReplacer} would find them. */
export const replaceOaiIds: NameReplacer = replacer([within('\\d', '\\d{7}')], () => false);

function replacer(patterns: readonly string[], isDigestKnown: (digest: string) => boolean): NameReplacer {
  // Digests come first, so that nothing is found within one.
  const found = new RegExp([`(?<digest>${DIGEST})`, ...patterns].join('|'), 'g');
  return (text, become) =>
    text.replace(found, (match: string, digest: string | undefined) =>
      digest === undefined || isDigestKnown(digest) ? become(match) : match,
    );
}

/** A pattern that does not go on with the same characters before or after it. */
function within(characters: string, pattern: string): string {
  return `(?<!${characters})${pattern}(?!${characters})`;
}

/** A pattern, of JavaScript and of PostgreSQL, that a text alone fits. */
export function literally(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
}
