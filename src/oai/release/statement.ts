import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** What a synthetic release says of itself. */
export interface ReleaseStatement {
  /** Its name, with the version of what wrote it. */
  readonly name: string;
}

/** The file in which a synthetic release says so, and its format there. */
export const STATEMENT_FILE = 'synthetic-release.json';
export const STATEMENT_FORMAT = 'osteograph-synthetic-oai/1';

/** How many folders above one that is imported may be the release's. */
const LEVELS_UP = 3;

/** The statement of the release that a folder is or lies in; null for every other release, which is one of real people. */
export async function readStatement(folder: string): Promise<ReleaseStatement | null> {
  let place = folder;
  for (let level = 0; level <= LEVELS_UP; level++, place = dirname(place)) {
    const text = await readFile(join(place, STATEMENT_FILE), 'utf8').catch(() => null);
    const statement = text === null ? null : parse(text);
    if (statement) return statement;
  }
  return null;
}

const STAMP = z.looseObject({ format: z.literal(STATEMENT_FORMAT), generator: z.string().max(40) });

function parse(text: string): ReleaseStatement | null {
  try {
    const { generator } = STAMP.parse(JSON.parse(text));
    return { name: `${STATEMENT_FORMAT} by Osteograph ${generator}` };
  } catch {
    // Another file of that name says nothing that we know.
    return null;
  }
}
