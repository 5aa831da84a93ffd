/** MRI properties of a tissue at 3 T: proton density (water = 1), T1 and T2* in ms, and whether its protons are fat. */
interface Tissue {
  readonly density: number;
  readonly t1: number;
  readonly t2star: number;
  readonly fat: boolean;
}

/**
 * T1 of cartilage, muscle, synovial fluid, marrow and subcutaneous fat at 3 T after Jordan et al., Eur J Radiol 2013
 * (PMC3310288); T2* and proton densities are textbook orders of magnitude.
 */
const TISSUES = {
  muscle: { density: 0.82, t1: 1260, t2star: 27, fat: false },
  cartilage: { density: 0.76, t1: 1060, t2star: 24, fat: false },
  fluid: { density: 1, t1: 3620, t2star: 60, fat: false },
  synovium: { density: 0.85, t1: 1500, t2star: 28, fat: false },
  vessel: { density: 0.95, t1: 1150, t2star: 45, fat: false },
  meniscus: { density: 0.5, t1: 960, t2star: 5.2, fat: false },
  ligament: { density: 0.55, t1: 1000, t2star: 6, fat: false },
  tendon: { density: 0.45, t1: 800, t2star: 3.2, fat: false },
  skin: { density: 0.62, t1: 900, t2star: 14, fat: false },
  subcutaneous: { density: 0.92, t1: 371, t2star: 20, fat: true },
  marrow: { density: 0.9, t1: 365, t2star: 12, fat: true },
  cortex: { density: 0.05, t1: 250, t2star: 0.6, fat: false },
  air: { density: 0, t1: 1000, t2star: 1, fat: false },
} as const satisfies Record<string, Tissue>;

export type TissueName = keyof typeof TISSUES;

/** COR T1 3D FLASH with water excitation: 20/7.57 ms. */
export const SEQUENCE = { repetitionTime: 20, echoTime: 7.57, flipAngle: 12, fatLeft: 0.115 } as const;

/** Signal of every tissue, muscle = 1. */
export interface Signals extends Readonly<Record<TissueName, number>> {
  /** What septa and strands add to the tissues they run through, in their unit: 1, or 0 where only fat is looked at. */
  readonly strands: number;
}

/** Field strength that the tissues' times are given for, tesla. */
export const REFERENCE_FIELD = 3;

/** Share of 1 / T2* at 3 T that grows with the field. */
const SUSCEPTIBLE = 0.5;

/** Signal of every tissue at 3 T. */
export const SIGNAL: Signals = signalsOf(REFERENCE_FIELD, () => true, 1);

/** Signals at a field strength, tesla, in parts that a scanner tells apart by their frequency; their sum is the whole. */
export function signalsAt(field: number): { water: Signals; fat: Signals } {
  return { water: signalsOf(field, ({ fat }) => !fat, 1), fat: signalsOf(field, ({ fat }) => fat, 0) };
}

/** Signal of muscle at a field strength, as a share of what its protons could give: what the deviation of noise is to be held against. */
export function muscleSignal(field: number): number {
  return spoiledGradientEcho(TISSUES.muscle, field);
}

function signalsOf(field: number, counts: (tissue: Tissue) => boolean, strands: number): Signals {
  const reference = muscleSignal(field);
  const signal = (tissue: Tissue) => (counts(tissue) ? spoiledGradientEcho(tissue, field) / reference : 0);
  const entries = Object.entries(TISSUES).map(([name, tissue]) => [name, signal(tissue)]);
  return { ...(Object.fromEntries(entries) as Record<TissueName, number>), strands };
}

/** Ernst's formula for a spoiled gradient echo; water excitation leaves `fatLeft` of the fat's signal. */
function spoiledGradientEcho(tissue: Tissue, field: number): number {
  const { repetitionTime, echoTime, flipAngle, fatLeft } = SEQUENCE;
  const { t1, t2star } = timesAt(tissue, field);
  const angle = (flipAngle * Math.PI) / 180;
  const e1 = Math.exp(-repetitionTime / t1);
  const steady = ((1 - e1) * Math.sin(angle)) / (1 - e1 * Math.cos(angle));
  return tissue.density * (tissue.fat ? fatLeft : 1) * steady * Math.exp(-echoTime / t2star);
}

/**
 * T1 grows with the cube root of the field (Bottomley et al., Med Phys 1984; 11: 425): by 1.26 from 1.5 to 3 T, where Gold et al. (AJR 2004;
 * 183: 343) found 1.17 to 1.29 in cartilage, muscle, synovial fluid, fat and marrow. Of the rate 1 / T2* the part that comes of
 * susceptibility grows with the field itself (Yablonskiy and Haacke, Magn Reson Med 1994; 32: 749); half of it is taken to at 3 T. Proton
 * density knows no field.
 */
function timesAt({ t1, t2star }: Tissue, field: number): { t1: number; t2star: number } {
  const ratio = field / REFERENCE_FIELD;
  return { t1: t1 * ratio ** (1 / 3), t2star: t2star / (1 - SUSCEPTIBLE + SUSCEPTIBLE * ratio) };
}
