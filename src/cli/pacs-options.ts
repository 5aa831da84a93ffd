import { InvalidArgumentError, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { type CallingTls, callingTls, parsePacs, requireAeTitle, type TlsFiles } from '../server/dicom/index.js';
import { isUid } from '../imaging/dicom/uid.js';

/** `--from`: the PACS that is asked. */
export function fromOption(): Option {
  return new Option('--from <pacs>', 'the PACS: AE title, host and port, as PACS1@10.0.0.5:104')
    .argParser((text) => asArgument(() => parsePacs(text)))
    .makeOptionMandatory();
}

/** Files of TLS for associations; the environment may name them. @param ca whom `--tls-ca` is for */
export function tlsFileOptions(
  ca = 'authorities of certificates of PACS; default: those that Node.js knows',
): Option[] {
  return [
    new Option('--tls-cert <file>', 'our certificate for TLS, PEM').env('OSTEOGRAPH_DICOM_TLS_CERT'),
    new Option('--tls-key <file>', 'its key, PEM without a passphrase').env('OSTEOGRAPH_DICOM_TLS_KEY'),
    new Option('--tls-ca <file>', ca).env('OSTEOGRAPH_DICOM_TLS_CA'),
  ];
}

/** Options of a command that calls a PACS which no list of peers names. */
export function callingTlsOptions(): Option[] {
  return [new Option('--tls', 'speak TLS with the PACS').default(false), ...tlsFileOptions()];
}

/** What {@link tlsFileOptions} come to. */
export interface TlsFileChoice {
  tlsCert?: string;
  tlsKey?: string;
  tlsCa?: string;
}

/** The files that were chosen. */
export function tlsFilesOf({ tlsCert, tlsKey, tlsCa }: TlsFileChoice): TlsFiles {
  return { cert: tlsCert, key: tlsKey, ca: tlsCa };
}

/** What {@link callingTlsOptions} come to. */
export interface CallingTlsChoice extends TlsFileChoice {
  tls: boolean;
}

/** TLS for such a command; nothing without `--tls`. @throws UserError BAD_USER_INPUT */
export function tlsOf({ tls, ...choice }: CallingTlsChoice): { tls?: CallingTls } {
  return tls ? { tls: callingTls(tlsFilesOf(choice)) } : {};
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
