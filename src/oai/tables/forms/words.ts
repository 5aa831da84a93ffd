const UTF8 = new TextDecoder('utf-8', { fatal: true });
const WINDOWS_LATIN = new TextDecoder('windows-1252');

/**
 * What bytes say whose encoding no file tells, given as Latin-1 shows them: UTF-8, as R and pandas write it, where they are that; else Windows'
 * Latin-1.
 */
export function wordsOf(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, 'latin1');
  try {
    return UTF8.decode(bytes);
  } catch {
    return WINDOWS_LATIN.decode(bytes);
  }
}
