/** What an image shows: a person, a drawn knee of a synthetic release, or what a bundle generated. */
export const IMAGE_PROVENANCES = ['REAL', 'PHANTOM', 'GENERATED'] as const;
export type ImageProvenance = (typeof IMAGE_PROVENANCES)[number];

/** Who stands behind the releases whose files say where they come from. */
export const OAI_SPONSOR = 'Osteoarthritis Initiative';
export const PHANTOM_SPONSOR = 'Osteograph synthetic release';
