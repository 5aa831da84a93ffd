import type { Strip } from '../../domain/strips.js';
import type { DicomAttributes } from '../dicom/attributes.js';
import { dicomUid } from '../dicom/write.js';
import { refuseFile } from '../refuse.js';

/**
 * Version of the de-identification policy of every door, raised when it comes to let through less. 2 is the Basic Profile of PS3.15 with
 * the options Clean Descriptors, Retain Longitudinal Temporal Information and Retain Device Identity, and keeps the object itself.
 */
export const DEIDENTIFICATION_POLICY = 2;

/** Whose object it becomes. */
export interface DeidentifiedSubject {
  /** Stands where the patient's name and number were. ASCII, at most 64 characters. */
  readonly pseudonym: string;
  /** Every date goes so many days back; 0 leaves them. */
  readonly daysBack: number;
  /** What UIDs are replaced with. */
  readonly uidKey: Buffer;
  /** A drawing of nobody: it has no identity that could be removed, and is not said to have had one. */
  readonly synthetic: boolean;
  /** What is made black in the pixels. */
  readonly redact: readonly Strip[];
}

/** The UID by which an image is known again, whoever it comes for: the same for the same UID. */
export function replacedUid(...uid: readonly (string | number)[]): string {
  return dicomUid('osteograph source', ...uid);
}

/**
 * @param redact strips that are blackened, in which whoever names them has seen the text
 * @throws UserError FILE_REFUSED for an image that says that text is burned into its pixels
 */
export function refuseBurnedIn(
  { burnedIn }: Pick<DicomAttributes, 'burnedIn'>,
  redact: readonly Strip[],
  name: string,
): void {
  if (!burnedIn || redact.length > 0) return;
  refuseFile(
    name,
    'says that text is burned into its pixels (Burned In Annotation = YES), which may name the patient; name the strip to redact, or blacken it first',
  );
}

/** What an object says of dates that are as they were, and of those that go back: code, meaning, and (0028,0303). */
export const LONGITUDINAL = [
  ['113106', 'Retain Longitudinal Temporal Information Full Dates Option', 'UNMODIFIED'],
  ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option', 'MODIFIED'],
] as const;

/** Codes of PS3.16 CID 7050 for what the policy does. */
export function methodsOf({ daysBack, redact }: Pick<DeidentifiedSubject, 'daysBack' | 'redact'>): [string, string][] {
  const [code, meaning] = LONGITUDINAL[daysBack === 0 ? 0 : 1];
  return [
    ['113100', 'Basic Application Confidentiality Profile'],
    ...(redact.length > 0 ? [['113101', 'Clean Pixel Data Option'] as [string, string]] : []),
    ['113105', 'Clean Descriptors Option'],
    [code, meaning],
    ['113109', 'Retain Device Identity Option'],
  ];
}

/**
 * Whether the pixels may be said to name nobody: as a machine took them, or as somebody says. A screenshot or another derived image shows
 * whatever was on the screen.
 */
export function showsNobody(
  { imageType, sopClassUid }: Pick<DicomAttributes, 'imageType' | 'sopClassUid'>,
  burnedIn: string | null,
  redact: readonly Strip[],
): boolean {
  if (burnedIn === 'NO' || redact.length > 0) return true;
  const captured = sopClassUid?.startsWith('1.2.840.10008.5.1.4.1.1.7') ?? true;
  return !captured && !/DERIVED|SECONDARY|SCREEN/.test(imageType ?? '');
}
