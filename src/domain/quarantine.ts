/** OPEN until somebody decides; then the image is imported as it was meant to be, or never. */
export const QUARANTINE_STATES = ['OPEN', 'ACCEPTED', 'REJECTED'] as const;
export type QuarantineState = (typeof QUARANTINE_STATES)[number];

/** Characters of the reason for which an image in quarantine is accepted or rejected. */
export const QUARANTINE_REASON = { min: 3, max: 500 };
