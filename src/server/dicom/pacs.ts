import { isIP } from 'node:net';
import { UserError } from '../../domain/errors.js';
import type { DicomAddress } from '../../domain/dicom-sendings.js';
import { requireAeTitle } from './callers.js';

/** A PACS that is asked. */
export type Pacs = DicomAddress;

/**
 * A PACS as it is written: `PACS1@10.0.0.5:104`.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parsePacs(text: string): Pacs {
  const [, aeTitle, host, port] = /^(.+)@(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text) ?? [];
  if (aeTitle === undefined || host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${JSON.stringify(text)} is no PACS: write its AE title, host and port, as PACS1@10.0.0.5:104.`,
    );
  }
  requireAeTitle(aeTitle);
  const bare = host.replace(/^\[|\]$/g, '');
  return { aeTitle, host: isIP(bare) ? bare : host, port: Number(port) };
}
