/** Which part of the joint a progression closes or opens. */
export const AFFECTED_COMPARTMENTS = ['MEDIAL', 'LATERAL', 'BOTH'] as const;
export type AffectedCompartment = (typeof AFFECTED_COMPARTMENTS)[number];

/** Frames of a progression, the film itself among them. */
export const FRAME_COUNT = { least: 2, most: 33, usual: 9 } as const;
