/** Around each cell in the reason of a refusal: characters that no message of ours has otherwise (Unicode's isolates). */
const [OPEN, CLOSE] = ['\u2068', '\u2069'];

/** A cell as part of a reason, which whoever reports it may leave out: {@link tellReason}. */
export function cellInReason(text: string): string {
  const bare = text.replace(/[\u2068\u2069]/g, '');
  return `${OPEN}${bare.length > 40 ? `${bare.slice(0, 40)}...` : bare}${CLOSE}`;
}

/** A reason as people read it, with its cells or with an ellipsis in the place of each. */
export function tellReason(reason: string, { showValues }: { showValues: boolean }): string {
  return showValues ? reason.replace(/[\u2068\u2069]/g, '') : reason.replace(/\u2068[^\u2069]*\u2069/g, '…');
}
