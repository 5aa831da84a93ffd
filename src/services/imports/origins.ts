import { userInfo } from 'node:os';
import { type ImageProvenance, OAI_SPONSOR, PHANTOM_SPONSOR } from '../../domain/provenance.js';
import { DEIDENTIFICATION_POLICY, replacedUid } from '../../imaging/deidentification/index.js';
import type { DicomAttributes } from '../../imaging/dicom/attributes.js';

/** Where an image comes from, as columns of its row. */
export interface ImageOrigin {
  provenance: Exclude<ImageProvenance, 'GENERATED'>;
  sponsor: string | null;
  release: string | null;
  importedBy: string;
  sourceUid: string | null;
  deidentification: number;
}

/** What is known of the release that an image lies in. */
export interface ReleaseOrigin {
  /** Whether it says that it is synthetic. */
  phantoms: boolean;
  name: string | null;
}

/**
 * The origin of an image: what its file and its release say, never its participant's id. A file that says neither is of a person, and
 * of nobody's study.
 *
 * @param attributes header of a DICOM file, else null
 * @param by who imports it
 * @param uid parts of the UID that it is known by in its source; empty when it has none
 */
export function originOf(
  attributes: Pick<DicomAttributes, 'synthetic' | 'studyDescription'> | null,
  uid: readonly (string | number | null)[],
  release: ReleaseOrigin | null,
  by = importer(),
): ImageOrigin {
  const phantom = attributes?.synthetic === true || release?.phantoms === true;
  const ofOai = /^OAI\^/.test(attributes?.studyDescription ?? '');
  const parts = uid.filter((part) => part !== null);
  return {
    provenance: phantom ? 'PHANTOM' : 'REAL',
    sponsor: phantom ? (release?.phantoms ? PHANTOM_SPONSOR : null) : ofOai ? OAI_SPONSOR : null,
    release: release?.name ?? null,
    importedBy: by,
    sourceUid: parts.length > 0 && uid[0] !== null ? replacedUid(...parts) : null,
    deidentification: DEIDENTIFICATION_POLICY,
  };
}

/** The operator of the command line, by the name that the machine knows. */
export function importer(): string {
  try {
    return `command line: ${userInfo().username}`;
  } catch {
    // A container may run as a user that has no name.
    return `command line: user ${process.getuid?.() ?? 'unknown'}`;
  }
}
