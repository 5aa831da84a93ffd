/** Of bytes in UTF-8: RFC 6455 has room for no more in a frame that closes a socket, and `ws` throws for a longer reason. */
const MOST_BYTES = 123;

/** As much of a sentence as fits into the frame that closes a socket, in whole characters. */
export function closeReason(sentence: string): string {
  const { read } = new TextEncoder().encodeInto(sentence, new Uint8Array(MOST_BYTES));
  return sentence.slice(0, read);
}
