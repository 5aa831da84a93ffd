import type { SquareBox } from './knee-box.js';
import type { Side } from './participants.js';

/** Stands beside every automatic reading, wherever it is shown. */
export const READING_NOTICE =
  'Automatic reading, for research only: no reading by a radiologist, and not for clinical use.';

/** Distance between femur and tibia on a film in one compartment. */
export interface JointSpaceWidth {
  /** Millimetres at the detector; null where the film does not say how large its pixels are. */
  mm: number | null;
  /** Of the width of the crop around the knee, which is about 1.22 times the tibial plateau's. */
  percent: number;
  /** The traced edges, left to right, [column, row] in film pixels: the condyle's lower and the plateau's upper one. */
  femur: FilmPoint[];
  tibia: FilmPoint[];
}

export type FilmPoint = [column: number, row: number];

/** What was read off one knee on a film by a network and by tracing, never by a person. */
export interface KneeReading {
  side: Side;
  /** The square of the film that was read; null where no knee was found. */
  box: SquareBox | null;
  /** Why the knee could not be read, one sentence; null where it was. */
  unreadable: string | null;
  /** Calibrated probabilities of KL 0 to 4; null where it could not be read. */
  probabilities: number[] | null;
  /** Sum of grade x probability. */
  expectedKl: number | null;
  /** How unlike the films of its training the network found the film; larger is stranger. */
  distance: number | null;
  /** Narrowest joint space; null where its edges could not be traced. */
  medial: JointSpaceWidth | null;
  lateral: JointSpaceWidth | null;
}

/** The most probable grade. */
export function likeliestKl(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
