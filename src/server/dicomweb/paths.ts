import type { Request } from 'express';
import { UserError } from '../../domain/errors.js';
import { isUid } from '../../imaging/dicom/uid.js';
import type { DicomPath } from '../../services/dicom-objects/index.js';

/** Where DICOMweb is served. */
export const DICOMWEB_PATH = '/dicomweb';

/**
 * The object that an address names.
 *
 * @throws UserError NOT_FOUND for what is no UID: nothing has it
 */
export function pathOf({ params }: Pick<Request, 'params'>): Partial<DicomPath> {
  const [studyUid, seriesUid, instanceUid] = ['study', 'series', 'instance'].map((name) => uidIn(params[name]));
  return {
    ...(studyUid === undefined ? {} : { studyUid }),
    ...(seriesUid === undefined ? {} : { seriesUid }),
    ...(instanceUid === undefined ? {} : { instanceUid }),
  };
}

/** The object that an address names which names a study at least. */
export function objectPathOf(request: Pick<Request, 'params'>): DicomPath {
  const { studyUid, ...path } = pathOf(request);
  if (studyUid === undefined) throw new Error('This route names no study.');
  return { studyUid, ...path };
}

function uidIn(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && isUid(text)) return text;
  throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
}

/** What addresses of this server begin with, as the client of a request sees it. */
export function rootOf({ headers, socket }: Pick<Request, 'headers' | 'socket'>): string {
  const { host } = headers;
  const [proxied] = [headers['x-forwarded-proto'] ?? []].flat();
  // A client of HTTP/1.0 names no host.
  if (host === undefined) return DICOMWEB_PATH;
  // A proxy in front says how it was reached; without one, the port is ours, which dicomweb-client leaves out of the header.
  if (proxied !== undefined) return `${proxied.startsWith('https') ? 'https' : 'http'}://${host}${DICOMWEB_PATH}`;
  const port = /:\d+$/.test(host) || socket.localPort === 80 ? '' : `:${socket.localPort}`;
  return `http://${host}${port}${DICOMWEB_PATH}`;
}

/** The address of an object. */
export function addressOf(root: string, { studyUid, seriesUid, instanceUid }: DicomPath): string {
  const parts = [
    `${root}/studies/${studyUid}`,
    ...(seriesUid === undefined ? [] : [`series/${seriesUid}`]),
    ...(instanceUid === undefined ? [] : [`instances/${instanceUid}`]),
  ];
  return parts.join('/');
}
