/** When things happened to people and knees, as SQL: days after the baseline visit. */
export { dayOfReplacement, dayOfVisit, isReplaced } from './days.js';
export { checkEvent, kneeTimes } from './knee-times.js';
export { progressionsOf } from './knee-progression.js';
export { type LaterKnee, laterKnee } from './later-knee.js';
