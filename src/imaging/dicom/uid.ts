/** Whether a text can be a UID (PS3.5, 9.1): digits and dots, at most 64 of them. */
export function isUid(text: string): boolean {
  return /^[\d.]{1,64}$/.test(text);
}

/** The same text where it can be a UID; null otherwise. */
export function uidOrNull(text: string | null | undefined): string | null {
  return text !== null && text !== undefined && isUid(text) ? text : null;
}
