import { UserError } from '../domain/errors.js';
import { BlobStoreUnavailable } from './blob-store.js';
import type { S3Location } from './location.js';

/** HTTP status of the answer that an error of the AWS SDK is about; undefined when none came. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/**
 * What an error of the AWS SDK means to whoever runs the platform, as a sentence. Errors that are one of ours already (the
 * sender of a stream failed, say) stay what they are.
 */
export function storeFault(cause: unknown, { bucket, endpoint }: S3Location): Error {
  if (cause instanceof UserError) return cause;
  const error = cause as Error;
  const server = endpoint ? `The S3 server at ${endpoint}` : 'S3';
  const unavailable = (message: string) => new BlobStoreUnavailable(message, { cause: error });
  const status = statusOf(error);
  if (error.name === 'NoSuchBucket') return unavailable(`${server} has no bucket ${bucket}; make it first.`);
  if (error.name === 'CredentialsProviderError') {
    return unavailable(
      `${server} needs credentials and there are none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.`,
    );
  }
  if (error.message === 'Region is missing') {
    return unavailable(
      `The region of the bucket ${bucket} is not known: add ?region=... to BLOB_URL or set AWS_REGION.`,
    );
  }
  if (status === 401 || status === 403) {
    return unavailable(`${server} refuses these credentials for the bucket ${bucket} (${error.name}).`);
  }
  if (status === 301 || status === 307) {
    return unavailable(`The bucket ${bucket} is in another region; name it with ?region=... in BLOB_URL.`);
  }
  if (status === 507 || error.name === 'XMinioStorageFull') return unavailable(`${server} has no space left.`);
  const reason = status && status >= 400 ? `${error.name}, status ${status}` : unanswered(error);
  return reason === undefined ? error : unavailable(`${server} does not answer (${reason}).`);
}

/** Why a request got no whole answer; undefined for an error that is not about a connection. */
function unanswered(error: Error): string | undefined {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code !== undefined && NETWORK.has(code)) return code;
  if (name === 'TimeoutError') return 'it took too long';
  // A request that was tried and got no answer at all.
  return '$metadata' in error ? (code ?? error.message) : undefined;
}

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
