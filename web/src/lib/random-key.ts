/** A key that nobody else has; also where the page is not served over HTTPS, and randomUUID is missing. */
export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
