import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UserError } from '../domain/errors.js';
import { parseJson } from '../domain/json.js';

/**
 * What a caller has written as JSON, still to be checked.
 *
 * @param file path, or - for standard input.
 * @param what it holds, for the sentence of a refusal, e.g. "filter".
 * @throws UserError BAD_USER_INPUT when it cannot be read or is not JSON
 */
export async function readJsonFile(file: string, what: string): Promise<unknown> {
  const written = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8').catch(refuse);
  const where = file === '-' ? 'standard input' : file;
  return parseJson(written, `The ${what} in ${where}`, `The ${what} in ${where} is not JSON.`);

  function refuse(cause: unknown): never {
    const { message } = cause as Error;
    throw new UserError('BAD_USER_INPUT', `The file of the ${what} cannot be read: ${message}.`, { cause });
  }
}
