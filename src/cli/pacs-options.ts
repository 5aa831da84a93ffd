import { InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { parsePacs, requireAeTitle } from '../server/dicom/index.js';
import { isUid } from '../imaging/dicom/uid.js';

/** `--from`: the PACS that is asked. */
export function fromOption(): Option {
  return new Option('--from <pacs>', 'the PACS: AE title, host and port, as PACS1@10.0.0.5:104')
    .argParser((text) => asArgument(() => parsePacs(text)))
    .makeOptionMandatory();
}

/** `--ae-title`: by which we call. */
export function aeTitleOption(description: string): Option {
  return new Option('--ae-title <title>', description).argParser(aeTitle).default('OSTEOGRAPH');
}

/** Parses an AE title for commander. */
export function aeTitle(text: string): string {
  return asArgument(() => {
    requireAeTitle(text);
    return text;
  });
}

/** Parses a UID for commander. */
export function uidArgument(text: string): string {
  if (isUid(text)) return text;
  throw new InvalidArgumentError(`${JSON.stringify(text)} is no UID: digits and dots, at most 64.`);
}

/** What a parser refuses, as commander says it. */
export function asArgument<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
