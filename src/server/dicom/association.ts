import dimse from 'dcmjs-dimse';
import type { association, requests } from 'dcmjs-dimse';
import { UserError } from '../../domain/errors.js';
import type { Pacs } from './pacs.js';
import type { CallingTls } from './tls.js';

/** How a PACS is spoken to. */
export interface Calling {
  /** By which we call. */
  aeTitle: string;
  /** How long the other side may be silent, ms. */
  patienceMs: number;
  /** Absent: nothing is encrypted. */
  tls?: CallingTls | undefined;
}

/** What an association is for. */
export interface Dialogue {
  /** Sent one after the other, each when the one before is answered. */
  requests: readonly requests.Request[];
  /** Looks at what the other side has accepted. @throws UserError that ends the association */
  accepted?(association: association.Association): void;
  /** The association is over. @throws UserError where something is missing */
  closed(): void;
  /** Ends it early, with its reason. */
  signal?: AbortSignal | undefined;
}

/** A sentence about a PACS that cannot do its part now. */
export function unavailable(pacs: Pacs, what: string, cause?: unknown): UserError {
  return new UserError('UNAVAILABLE', `${named(pacs)} ${what}.`, { cause });
}

/** A sentence about a PACS that will not do its part however often it is asked. */
export function refused(pacs: Pacs, what: string): UserError {
  return new UserError('CONFLICT', `${named(pacs)} ${what}.`);
}

function named({ aeTitle, host, port }: Pacs): string {
  return `${aeTitle} at ${host}:${port}`;
}

/**
 * Opens an association, sends requests and closes it.
 *
 * @returns gives up the rest of the requests, for a reason
 * @throws UserError UNAVAILABLE where the PACS cannot be reached or breaks off, CONFLICT where it refuses for good
 */
export function associate(
  pacs: Pacs,
  { aeTitle, patienceMs, tls }: Calling,
  { requests: all, accepted, closed, signal }: Dialogue,
): { over: Promise<void>; giveUp(reason: Error): void } {
  // The library's own log would name patients.
  dimse.log.disableAll();
  const over = Promise.withResolvers<void>();
  const client = new dimse.Client();
  for (const request of all) client.addRequest(request);
  const giveUp = (reason: Error) => {
    over.reject(reason);
    // Where it is not open yet, it opens and closes without a request.
    client.clearRequests();
    try {
      client.abort();
    } catch {
      // It was never begun, or is over.
    }
  };
  const onAbort = () => giveUp(signal!.reason as Error);
  client.on('associationAccepted', (made: association.Association) => {
    try {
      accepted?.(made);
    } catch (error) {
      giveUp(error as Error);
    }
  });
  client.on('associationRejected', ({ result, reason }: { result: number; reason: number }) => {
    const what = `refuses the association (${reasonInWords(reason)})`;
    over.reject(result === dimse.constants.RejectResult.Permanent ? refused(pacs, what) : unavailable(pacs, what));
  });
  client.on('networkError', (error: Error) => {
    const why = inShort(error.message);
    // A certificate does not become good by waiting.
    if (tls && OF_TLS.test(why)) over.reject(refused(pacs, `and we do not come to TLS: ${why}`));
    else over.reject(unavailable(pacs, 'cannot be reached or has broken off', error));
  });
  client.on('closed', () => {
    try {
      closed();
      over.resolve();
    } catch (error) {
      over.reject(error as Error);
    }
  });
  signal?.addEventListener('abort', onAbort);
  void over.promise.catch(() => undefined).finally(() => signal?.removeEventListener('abort', onAbort));
  if (signal?.aborted) onAbort();
  else {
    const timeouts = { connectTimeout: patienceMs, associationTimeout: patienceMs, pduTimeout: patienceMs };
    client.send(pacs.host, pacs.port, aeTitle, pacs.aeTitle, {
      ...timeouts,
      ...(tls ? { securityOptions: tls } : {}),
    });
  }
  return { over: over.promise, giveUp };
}

/** The reason in what the library, Node.js and OpenSSL have put around it. */
function inShort(message: string): string {
  const [, ofOpenSsl] = /:SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  return (ofOpenSsl ?? message.replace(/^.*?error: /, '')).trim();
}

/** What OpenSSL and Node.js say of a handshake. */
const OF_TLS = /certificate|altnames|self.signed|ssl|tls|alert/i;

function reasonInWords(reason: number): string {
  const { CallingAeNotRecognized, CalledAeNotRecognized } = dimse.constants.RejectReason;
  if (reason === CallingAeNotRecognized) return 'it does not know our AE title';
  return reason === CalledAeNotRecognized ? 'it has another AE title' : `reason ${reason}`;
}

/** A status as the standard writes it: A801H. */
export function statusCode(status: number): string {
  return `${status.toString(16).toUpperCase().padStart(4, '0')}H`;
}
