import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { UserError } from '../../domain/errors.js';

/** Files of TLS, PEM. */
export interface TlsFiles {
  /** Our certificate, with those between it and its authority; goes with `key`. */
  cert?: string | undefined;
  /** Its private key, without a passphrase. */
  key?: string | undefined;
  /** Authorities, one of which has to have signed the other side's certificate. */
  ca?: string | undefined;
}

interface Secrets {
  cert?: Buffer;
  key?: Buffer;
  ca?: Buffer;
}

/** TLS of an association that we open. */
export type CallingTls = Secrets & { rejectUnauthorized: true; minVersion: 'TLSv1.2' };

/** TLS of associations that others open. */
export type ListeningTls = Pick<
  TlsOptions,
  'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized' | 'minVersion'
>;

/** As BCP 195, which DICOM's secure transport profiles stand on, asks for at least (PS3.15, B.9 and B.12). */
const MIN_VERSION = 'TLSv1.2';

/**
 * TLS by which we call: the other side's certificate has to be good, signed by the authorities of `ca`, else by those that Node.js knows, and be for
 * the host that is called.
 *
 * @throws UserError BAD_USER_INPUT for files that cannot be read or do not fit
 */
export function callingTls(files: TlsFiles): CallingTls {
  return { ...read(files), rejectUnauthorized: true, minVersion: MIN_VERSION };
}

/**
 * TLS by which we listen. With `ca` whoever calls has to show a certificate of those authorities.
 *
 * @throws UserError BAD_USER_INPUT as {@link callingTls}, and without a certificate
 */
export function listeningTls(files: TlsFiles): ListeningTls {
  if (files.cert === undefined) {
    throw new UserError('BAD_USER_INPUT', 'TLS needs our certificate and its key: give --tls-cert and --tls-key.');
  }
  const asked = files.ca !== undefined;
  return { ...read(files), requestCert: asked, rejectUnauthorized: asked, minVersion: MIN_VERSION };
}

function read({ cert, key, ca }: TlsFiles): Secrets {
  if ((cert === undefined) !== (key === undefined)) {
    throw new UserError('BAD_USER_INPUT', 'A certificate and its key belong together: give --tls-cert and --tls-key.');
  }
  const secrets: Secrets = {
    ...(cert === undefined ? {} : { cert: contents(cert) }),
    ...(key === undefined ? {} : { key: contents(key) }),
    ...(ca === undefined ? {} : { ca: contents(ca) }),
  };
  try {
    createSecureContext(secrets);
  } catch (error) {
    const files = [cert, key, ca].filter((file) => file !== undefined).join(', ');
    throw new UserError('BAD_USER_INPUT', `${files} cannot be used for TLS: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  return secrets;
}

function contents(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError('BAD_USER_INPUT', `${file} cannot be read (${code}).`, { cause: error });
  }
}
