import type { Request } from 'express';
import { UserError } from '../domain/errors.js';
import { MAX_UPLOAD_BYTES } from '../domain/uploads.js';

/** What an upload takes from the quota: it keeps a thread busy, and memory. */
export const UPLOAD_POINTS = 50_000;

/**
 * Looks at what a request says of the file that is its body, before any of it is read.
 *
 * @param what what the file is, e.g. "a radiograph"
 * @throws UserError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE
 */
export function checkHeaders({ headers }: Request, mediaTypes: ReadonlySet<string>, what: string): void {
  const mediaType = headers['content-type']?.split(';')[0]!.trim().toLowerCase();
  if (mediaType !== undefined && !mediaTypes.has(mediaType)) {
    throw new UserError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}; send the file itself as ${[...mediaTypes].join(' or ')}.`,
    );
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') {
    throw new UserError('UNSUPPORTED_MEDIA_TYPE', 'The Content-Encoding is not understood; send the file as it is.');
  }
  if (Number(headers['content-length'] ?? 0) > MAX_UPLOAD_BYTES) throw tooLarge(what);
}

/**
 * A body that is one file.
 *
 * @param what what it is, e.g. "a radiograph"
 * @throws UserError PAYLOAD_TOO_LARGE, as soon as so much has come; BAD_USER_INPUT when the connection ends before the file
 */
export async function receiveFile(request: Request, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // A refusal in the middle must leave the connection alone: the answer goes over it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_UPLOAD_BYTES) throw tooLarge(what);
      chunks.push(chunk);
    }
  } catch (error) {
    // What still comes is let by, so that the answer can be read.
    request.resume();
    if (error instanceof UserError) throw error;
    throw new UserError('BAD_USER_INPUT', `The upload broke off after ${bytes} bytes.`, { cause: error });
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string): UserError {
  return new UserError(
    'PAYLOAD_TOO_LARGE',
    `The file has more than ${MAX_UPLOAD_BYTES} bytes, the most ${what} may have.`,
  );
}
