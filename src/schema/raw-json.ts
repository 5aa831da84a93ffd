import { randomUUID } from 'node:crypto';
import type { GraphQLResolveInfo } from 'graphql';

/** Stands in the text of an answer for a part that is text already. Nobody can guess it, so no record can hold it. */
const MARK = randomUUID();

/** The parts of the answer that is being written. */
let parts: string[] | undefined;

/** A part of an answer that is JSON already, because the database wrote it. */
export class RawJson {
  constructor(private readonly text: string) {}

  toJSON(): string {
    if (!parts) throw new Error('What the database wrote as JSON is put into answers by stringifyAnswer.');
    parts.push(this.text);
    return MARK;
  }
}

/** An answer as text that ends its line, with the parts that are text already as they are. */
export function stringifyAnswer(answer: unknown): string {
  parts = [];
  try {
    const [start, ...after] = `${JSON.stringify(answer)}\n`.split(`"${MARK}"`);
    return start! + after.map((text, index) => parts![index]! + text).join('');
  } finally {
    parts = undefined;
  }
}

/** What resolvers are told of a field whose value may be a {@link RawJson}. */
export interface RawJsonInfo extends GraphQLResolveInfo {
  readonly takesRawJson: true;
}

/** Whether a field may be answered with a {@link RawJson}. */
export function takesRawJson(info: GraphQLResolveInfo): info is RawJsonInfo {
  return 'takesRawJson' in info;
}
