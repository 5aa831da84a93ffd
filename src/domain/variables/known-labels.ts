/** What some released columns are called, for files that do not say it: text tables have no labels. */
interface Known {
  readonly label: string;
  readonly unit?: string;
}

const REGIONS: Readonly<Record<string, string>> = {
  FMA: 'medial femur, anterior',
  FMC: 'medial femur, central',
  FMP: 'medial femur, posterior',
  FLA: 'lateral femur, anterior',
  FLC: 'lateral femur, central',
  FLP: 'lateral femur, posterior',
  TMA: 'medial tibia, anterior',
  TMC: 'medial tibia, central',
  TMP: 'medial tibia, posterior',
  TLA: 'lateral tibia, anterior',
  TLC: 'lateral tibia, central',
  TLP: 'lateral tibia, posterior',
  PM: 'medial patella',
  PL: 'lateral patella',
  SS: 'tibia, subspinous',
};

/** Names without visit and knee, and what they mean. */
const LABELS: readonly (readonly [RegExp, (match: RegExpExecArray) => Known])[] = [
  [/^KOOSFX(\d)$/, ([, item]) => ({ label: `KOOS function in sport and recreation, item ${item}` })],
  [/^KQOL(\d)$/, ([, item]) => ({ label: `KOOS quality of life, item ${item}` })],
  [/^WPKN(\d)$/, ([, item]) => ({ label: `WOMAC pain, item ${item}` })],
  [/^WSKN(\d)$/, ([, item]) => ({ label: `WOMAC stiffness, item ${item}` })],
  [/^DIKN(\d+)$/, ([, item]) => ({ label: `WOMAC disability, item ${item}` })],
  [/^KPKN(\d)$/, ([, item]) => ({ label: `KOOS pain, item ${item}` })],
  [/^KSXKN(\d)$/, ([, item]) => ({ label: `KOOS symptoms, item ${item}` })],
  [/^CESD(\d+)$/, ([, item]) => ({ label: `CES-D, item ${item}` })],
  [/^ICPTSK$/, () => ({ label: 'ICOAP total pain, 0 (none) to 100' })],
  [/^CPSK$/, () => ({ label: 'ICOAP constant pain, 0 (none) to 100' })],
  [/^IPSK$/, () => ({ label: 'ICOAP intermittent pain, 0 (none) to 100' })],
  [/^(?:P01)?HEIGHT$/, () => ({ label: 'Height', unit: 'mm' })],
  [/^(?:P01)?WEIGHT$/, () => ({ label: 'Weight', unit: 'kg' })],
  [/^EDCV$/, () => ({ label: 'Highest grade or year of school completed' })],
  [/^INCOME$/, () => ({ label: 'Yearly income of the household' })],
  [/^MARITST$/, () => ({ label: 'Marital status' })],
  [/^VISDYS$/, () => ({ label: 'Days from enrolment to the visit', unit: 'days' })],
  [/^20MPACE$/, () => ({ label: 'Walking pace over 20 m', unit: 'm/s' })],
  [/^MCMJSW$/, () => ({ label: 'Minimum joint space width, medial compartment', unit: 'mm' })],
  [/^(L?)JSW(\d{3})$/, ([, lateral, place]) => jswAt(lateral === 'L', Number(place) / 1000)],
  [/^BMANG$/, () => ({ label: 'Angle of the X-ray beam to the medial tibial plateau', unit: 'degrees' })],
  [/^TPCFDS$/, () => ({ label: 'Distance from the tibial plateau to the tibial rim', unit: 'mm' })],
  [/^NOLJSWX$/, () => ({ label: 'Lateral joint space width could not be measured' })],
  [/^NOMJSWX?$/, () => ({ label: 'Medial joint space width could not be measured' })],
  [/^BARCDJD$/, () => ({ label: 'Barcode of the film that was measured' })],
  [/^MBMS(\w+)$/, (match) => region(match, 'MOAKS bone marrow lesion, size')],
  [/^MBMN(\w+)$/, (match) => region(match, 'MOAKS bone marrow lesion, number of lesions')],
  [/^MBMP(\w+)$/, (match) => region(match, 'MOAKS bone marrow lesion, per cent of lesion that is not cyst')],
  [/^MCM(\w+)$/, (match) => region(match, 'MOAKS cartilage, size and per cent of full thickness')],
  [/^MEFFWK$/, () => ({ label: 'MOAKS effusion-synovitis' })],
  [/^MRDATE$/, () => ({ label: 'Day of the MRI' })],
  [/^QCRESLT$/, () => ({ label: 'Result of quality control of the series' })],
  [/^SCNUPGR$/, () => ({ label: 'Whether the scanner had been upgraded' })],
  [/^MNDREAS$/, () => ({ label: 'Why the series was not made' })],
];

/** What is known of a column by its name alone; null for a name that says nothing. */
export function knownLabel(name: string): { label: string; unit: string | null } | null {
  for (const [pattern, known] of LABELS) {
    const match = pattern.exec(name);
    if (!match) continue;
    const { label, unit = null } = known(match);
    return { label, unit };
  }
  return null;
}

function jswAt(lateral: boolean, place: number): Known {
  return { label: `Joint space width at x = ${place}, ${lateral ? 'lateral' : 'medial'} compartment`, unit: 'mm' };
}

function region([, code]: RegExpExecArray, what: string): Known {
  return { label: `${what}: ${REGIONS[code!] ?? code}` };
}
