import { randomUUID } from 'node:crypto';
import type { ResponsePath } from 'graphql';

/** Stands in the text of an answer for a part that is text already. Nobody can guess it, so no record can hold it. */
const MARK = randomUUID();

/** The parts of the answer that is being written. */
let parts: string[] | undefined;

/**
 * Lists of one answer that the database wrote as JSON. graphql-js completes an empty list in place of each; once it is done, the
 * text takes that place.
 */
export class RawLists {
  private readonly lists: { path: ResponsePath; json: RawJson }[] = [];

  /**
   * @param path of the field in the answer
   * @param json the list, as JSON
   * @returns what the field resolves to
   */
  add<T>(path: ResponsePath, json: string): T[] {
    this.lists.push({ path, json: new RawJson(json) });
    return [];
  }

  /** Puts the lists into the answer; one whose parent became null because of an error elsewhere has no place there. */
  putInto({ data }: { data?: unknown }): void {
    for (const { path, json } of this.lists) {
      const parent = path.prev ? valueAt(data, path.prev) : data;
      if (isRecord(parent) && Array.isArray(parent[path.key])) parent[path.key] = json;
    }
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

class RawJson {
  constructor(private readonly text: string) {}

  toJSON(): string {
    if (!parts) throw new Error('What the database wrote as JSON is put into answers by stringifyAnswer.');
    parts.push(this.text);
    return MARK;
  }
}

function valueAt(data: unknown, { prev, key }: ResponsePath): unknown {
  const parent = prev ? valueAt(data, prev) : data;
  return isRecord(parent) ? parent[key] : undefined;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
