/** Parts of a coronal knee volume, by a fixed rule about the joint line: see imaging/compartments. */
export const COMPARTMENTS = [
  'MEDIAL_FEMUR',
  'LATERAL_FEMUR',
  'MEDIAL_JOINT',
  'LATERAL_JOINT',
  'MEDIAL_TIBIA',
  'LATERAL_TIBIA',
  'PATELLOFEMORAL',
  'OTHER',
] as const;
export type Compartment = (typeof COMPARTMENTS)[number];
