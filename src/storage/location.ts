import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';

/** A place in an S3 bucket. */
export interface S3Location {
  bucket: string;
  /** Empty, or ending in a slash. */
  prefix: string;
  /** http(s)://host:port of a server other than AWS. */
  endpoint: string | undefined;
  region: string | undefined;
  /** http://server/bucket/key instead of http://bucket.server/key. */
  pathStyle: boolean;
}

export type BlobLocation = { kind: 'DIRECTORY'; directory: string } | ({ kind: 'S3' } & S3Location);

const ACCEPTED = 's3://bucket/prefix?endpoint=https://host:port&region=name or file:///directory';

const QUERY = z.strictObject({
  endpoint: z.string().refine(isHttpUrl, 'endpoint must look like https://host:port').optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'region must look like eu-central-1')
    .optional(),
  pathStyle: z.enum(['true', 'false'], 'pathStyle must be true or false').optional(),
});

/** Rules of AWS for general-purpose buckets. */
const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[A-Za-z0-9!_.*'()/-]{0,512}$/;

/**
 * Where `BLOB_URL` says that blobs are kept. Credentials are never part of it: they come as the AWS tools take them.
 *
 * @throws UserError BAD_USER_INPUT that says what is wrong and what is accepted
 */
export function parseBlobUrl(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): BlobLocation {
  const url = URL.parse(text);
  if (!url) return refuse('is not a URL');
  if (url.protocol === 'file:') return { kind: 'DIRECTORY', directory: directoryOf(url) };
  if (url.protocol !== 's3:') return refuse(`begins with ${url.protocol}//`);
  if (url.username || url.password) {
    throw new UserError(
      'BAD_USER_INPUT',
      'BLOB_URL carries credentials, which logs would show; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.',
    );
  }
  if (url.port || !BUCKET.test(url.hostname)) {
    return refuse(`names the bucket "${url.host}"; a bucket has 3 to 63 small letters, digits, dots and hyphens`);
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  if (!PREFIX.test(path) || path.split('/').some((part) => part === '.' || part === '..')) {
    return refuse(`has the prefix "${path}"; letters, digits and !_.*'()/- are accepted`);
  }
  if (url.hash) return refuse('has a part after #');
  const query = QUERY.safeParse(Object.fromEntries(url.searchParams));
  if (!query.success) {
    const [issue] = query.error.issues;
    if (issue!.code !== 'unrecognized_keys') throw new UserError('BAD_USER_INPUT', `BLOB_URL: ${issue!.message}.`);
    return refuse(`has the parameter ${issue!.keys[0]}; endpoint, region and pathStyle are accepted`);
  }
  const { pathStyle } = query.data;
  const endpoint = query.data.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  // A server of one's own rarely cares for regions, and the SDK will not go without.
  const region = query.data.region ?? env['AWS_REGION'] ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    kind: 'S3',
    bucket: url.hostname,
    prefix: path === '' ? '' : `${path}/`,
    endpoint: endpoint?.replace(/\/$/, ''),
    region,
    pathStyle: pathStyle === undefined ? endpoint !== undefined : pathStyle === 'true',
  };
}

function directoryOf(url: URL): string {
  try {
    if (url.search || url.hash) throw new Error();
    return fileURLToPath(url);
  } catch {
    return refuse('names no directory of this machine');
  }
}

function refuse(what: string): never {
  throw new UserError('BAD_USER_INPUT', `BLOB_URL ${what}; it must look like ${ACCEPTED}.`);
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' && url.pathname === '/' && !url.username;
}
