import { InvalidArgumentError, Option } from 'commander';
import type { OpenOptions } from '../server/database/index.js';
import type { BlobSettings } from '../storage/index.js';

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

/** Where the blobs are, for every command that reads or writes them. */
export function blobSettings(dataDir: string): BlobSettings {
  return { dataDir, url: process.env['BLOB_URL'], quota: process.env['OSTEOGRAPH_BLOB_QUOTA'] };
}

/** Parses a whole number for commander, refusing everything else in one sentence. */
export function wholeNumber(name: string): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${name} must be a whole number, got "${text}".`);
    return Number(text);
  };
}

/** Parses a number of seconds, at most an hour, for commander. */
export function seconds(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value <= 3_600) return value;
    throw new InvalidArgumentError(`${name} must be a number of seconds from 0 to 3600, got "${text}".`);
  };
}

/** Parses a port for commander; 0 takes any free one. */
export function portNumber(name: string): (text: string) => number {
  return (text) => {
    if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
    throw new InvalidArgumentError(`${name} must be a whole number from 0 to 65535, got "${text}".`);
  };
}
