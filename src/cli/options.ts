import { InvalidArgumentError, Option } from 'commander';
import type { OpenOptions } from '../server/database/index.js';

/** `--data-dir`: where the embedded database and the local blobs live. */
export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where the database and the images live')
    .default('.osteograph')
    .env('OSTEOGRAPH_DATA_DIR');
}

/** How a command that only uses the database opens it: beside a running `osteograph serve`, or alone. */
export function sharedDatabase(dataDir: string, purpose: string): OpenOptions {
  return { dataDir, databaseUrl: process.env['DATABASE_URL'], purpose: `osteograph ${purpose}`, share: true };
}

/** Parses a whole number for commander, refusing everything else in one sentence. */
export function wholeNumber(name: string): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${name} must be a whole number, got "${text}".`);
    return Number(text);
  };
}
