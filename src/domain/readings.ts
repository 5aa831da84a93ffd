import type { VisitCode } from './visits.js';

/** Reading projects of kXR_SQ_BU. OAI asks users to treat project 42 as 37, so 42 never reaches the database. */
export const READING_PROJECTS = ['15', '37'] as const;
export type ReadingProject = (typeof READING_PROJECTS)[number];

/** Asks for the preferred reading of an exam where one reading project could be asked for instead. */
export const PREFERRED = 'PREFERRED';

/** Whose grades are meant. */
export const READING_CHOICES = [PREFERRED, ...READING_PROJECTS] as const;

/** The project whose reading is the exam's preferred reading: 15 up to V06, 37 for V08 and V10. */
function preferredProject(visit: VisitCode): ReadingProject {
  return visit >= 'V08' ? '37' : '15';
}

/** The preferred reading of an exam: the preferred project's, else the one there is, else undefined. */
export function preferredReading<T extends { project: string }>(
  visit: VisitCode,
  readings: readonly T[],
): T | undefined {
  const preferred = preferredProject(visit);
  return readings.find((reading) => reading.project === preferred) ?? readings[0];
}
