/** The de-identification policy of every door. */
export { type Deidentified, deidentifyDicom } from './deidentify.js';
export { deidentifyFilm } from './film.js';
export { DEIDENTIFICATION_POLICY, type DeidentifiedSubject, refuseBurnedIn, replacedUid } from './policy.js';
export { redateDicom, redateElements } from './redate.js';
export type { DeidentificationReport } from './report.js';
export { daysBackBy, pseudonymousUid } from './values.js';
export { cleanDescription } from './words.js';
