/**
 * A description without anything that is no word of the acquisition: names, numbers of patients and free text are left out. Null when
 * nothing is left.
 */
export function cleanDescription(description: string | null): string | null {
  const words = (description ?? '').split(/[^A-Za-z0-9]+/).filter((word) => isOfAcquisition(word.toUpperCase()));
  return words.length > 0 ? words.join(' ') : null;
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
  ND NORM DIS2D DIS3D ADD SUB IP OP
  PA AP LATERAL LAT SKYLINE SUNRISE MERCHANT ROSENBERG TUNNEL VIEW FIXED FLEXION FLEXED SEMI EXTENSION STANDING WEIGHT BEARING WB
  CR DX XR XRAY RAY X FILM RADIOGRAPH SYNTHETIC PHANTOM TEST`.split(/\s+/),
);

/** Whether a word, in capitals, is one of those that descriptions of an acquisition are made of. */
export function isOfAcquisition(word: string): boolean {
  return WORDS.has(word) || QUANTITY.test(word);
}
