import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Dicer } from '@fastify/busboy';
import type { Request } from 'express';
import { UserError } from '../../domain/errors.js';
import { MAX_UPLOAD_BYTES } from '../../domain/uploads.js';

/** A part of an answer. */
export interface Part {
  /** With its parameters. */
  contentType: string;
  /** Address of what it holds. */
  location?: string | undefined;
  bytes: Uint8Array;
}

/** An answer of several parts, which nobody need hold together. */
export interface MultipartAnswer {
  contentType: string;
  pieces: AsyncGenerator<Uint8Array>;
}

/** multipart/related (RFC 2387) of whatever comes, a part at a time. @param type media type of the parts */
export function multipartOf(type: string, parts: AsyncIterable<Part>): MultipartAnswer {
  const boundary = randomBytes(24).toString('hex');
  async function* pieces() {
    for await (const { contentType, location, bytes } of parts) {
      const where = location === undefined ? '' : `Content-Location: ${location}\r\n`;
      yield Buffer.from(`--${boundary}\r\nContent-Type: ${contentType}\r\n${where}\r\n`, 'latin1');
      yield bytes;
      yield Buffer.from('\r\n');
    }
    yield Buffer.from(`--${boundary}--\r\n`);
  }
  return { contentType: `multipart/related; type="${type}"; boundary=${boundary}`, pieces: pieces() };
}

/** A part of a request. */
export interface ReceivedPart {
  /** Lower-case, without parameters; null where the part does not say. */
  contentType: string | null;
  /** Null for a part that is larger than an object may be: it was let by. */
  bytes: Buffer | null;
}

/**
 * The parts of a request's multipart body as they come. No more of it is read than the parts that have come are dealt with.
 *
 * @throws UserError BAD_USER_INPUT for a body that is no multipart or breaks off
 */
export async function* receivedParts(request: Request, boundary: string): AsyncGenerator<ReceivedPart> {
  const dicer = new Dicer({ boundary });
  const whole: ReceivedPart[] = [];
  dicer.on('part', (part) => collect(part, (received) => whole.push(received)));
  const over = once(dicer, 'finish');
  over.catch(() => undefined);
  try {
    // A refusal in the middle must leave the connection alone: the answer goes over it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      await promisify(dicer.write.bind(dicer) as (chunk: Buffer, done: (error?: Error | null) => void) => void)(chunk);
      while (whole.length > 0) yield whole.shift()!;
    }
    dicer.end();
    await over;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('BAD_USER_INPUT', 'The body is no multipart message, or it broke off.', { cause: error });
  } finally {
    // What still comes is let by, so that the answer can be read.
    request.resume();
  }
  yield* whole;
}

function collect(part: NodeJS.EventEmitter, done: (received: ReceivedPart) => void): void {
  const chunks: Buffer[] = [];
  let contentType: string | null = null;
  let size = 0;
  part.on('header', (header: Record<string, string[]>) => {
    contentType = header['content-type']?.[0]?.split(';')[0]!.trim().toLowerCase() ?? null;
  });
  part.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_UPLOAD_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  });
  // The parser says so, too.
  part.on('error', () => undefined);
  part.on('end', () => done({ contentType, bytes: size > MAX_UPLOAD_BYTES ? null : Buffer.concat(chunks) }));
}
