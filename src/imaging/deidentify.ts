import type { DicomAttributes } from './dicom/attributes.js';
import { dicomUid } from './dicom/write.js';
import { refuseFile } from './refuse.js';

/**
 * The de-identification policy of every door: of a DICOM file nothing is kept but its pixels, their geometry, the dates, and what
 * this module lets through (PS3.15, Basic Profile with clean descriptors and retained dates). Raised when it comes to let through less.
 */
export const DEIDENTIFICATION_POLICY = 1;

/**
 * A description without anything that is no word of the acquisition: names, numbers of patients and free text are left out. Null when
 * nothing is left.
 */
export function cleanDescription(description: string | null): string | null {
  const words = (description ?? '').split(/[^A-Za-z0-9]+/).filter((word) => isOfAcquisition(word.toUpperCase()));
  return words.length > 0 ? words.join(' ') : null;
}

/** The UID that stands for one of a source's: the same for the same UID, and no way back to it. */
export function replacedUid(...uid: readonly (string | number)[]): string {
  return dicomUid('osteograph source', ...uid);
}

/** @throws UserError FILE_REFUSED for an image that says that text is burned into its pixels */
export function refuseBurnedIn({ burnedIn }: Pick<DicomAttributes, 'burnedIn'>, name: string): void {
  if (!burnedIn) return;
  refuseFile(
    name,
    'says that text is burned into its pixels (Burned In Annotation = YES), which may name the patient; blacken it first',
  );
}

/** A number of an acquisition, with its unit: 3D, 120MM. Longer ones may be a patient's. */
const QUANTITY = /^\d{1,3}(D|T|MM|CM|MS|DEG)?$/;

/** A word, or a short run of them without a blank, such as T2TSE. */
const WORDS = new Set(
  `L R LEFT RIGHT BILATERAL BOTH KNEE KNEES THIGH THIGHS HAND HANDS PELVIS LIMB LEG LEGS FULL LOWER HIP ANKLE
  COR CORONAL SAG SAGITTAL AX AXIAL TRA TRANSVERSE TRANSVERSAL OBL OBLIQUE PARA ISO
  T1 T2 T1W T2W T2STAR PD PDW IW W WE FS FAT FATSAT SAT WATER SPAIR STIR SPIR DIXON IN OUT OPP PHASE ECHO ECHOES
  SE TSE FSE GE GRE FLASH DESS MEDIC VIBE SPACE CUBE SPGR FISP TRUFISP BSSFP MESE MSME MPR MPRAGE MAP MAPS MR MRI
  LOC LOCALIZER LOCALISER LOCATOR SCOUT SURVEY PRESCRIPTION PRESCRIPTIONS FOV FILTER CODE RANGE TE TR HIGH LOW RES RESOLUTION
  PA AP LATERAL LAT SKYLINE SUNRISE MERCHANT ROSENBERG TUNNEL VIEW FIXED FLEXION FLEXED SEMI EXTENSION STANDING WEIGHT BEARING WB
  CR DX XR XRAY RAY X FILM RADIOGRAPH SYNTHETIC PHANTOM TEST`.split(/\s+/),
);

function isOfAcquisition(word: string): boolean {
  return WORDS.has(word) || QUANTITY.test(word);
}
