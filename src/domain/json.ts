import { UserError } from './errors.js';

/** How deep JSON from outside may nest. The deepest filter that can be asked for has some 50 levels. */
export const MAX_JSON_DEPTH = 100;

/**
 * Refuses a value from outside that nests deeper than anything here reads: code that walks it level by level would run out of stack.
 *
 * @param what names it in the sentence, e.g. "The request".
 * @throws UserError BAD_USER_INPUT
 */
export function assertShallow(value: unknown, what: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) {
      throw new UserError('BAD_USER_INPUT', `${what} nests deeper than ${MAX_JSON_DEPTH} levels of JSON.`);
    }
    level = level.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null
        ? Object.values(one).filter((part) => typeof part === 'object' && part !== null)
        : [],
    );
  }
}

/**
 * JSON from outside as a value that may be walked. Keys such as `__proto__` are ordinary ones: whoever checks the value finds them
 * among its own.
 *
 * @param otherwise the sentence for text that is no JSON.
 * @throws UserError BAD_USER_INPUT
 */
export function parseJson(text: string, what: string, otherwise: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError('BAD_USER_INPUT', otherwise, { cause });
  }
  assertShallow(value, what);
  return value;
}

/** True for an object with keys, and for nothing else that JSON has. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
