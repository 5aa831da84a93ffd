import type { Side } from '../../domain/participants.js';

/** Where the middle of each knee lies from the scanner's isocentre, mm to the patient's left. */
export const KNEE_X: Readonly<Record<Side, number>> = { RIGHT: -100, LEFT: 100 };
