/** The only door to what is a participant's: their rows, their files, and the names that others know them by. */
export { AUDITED_KEYS, namesOf, nodesOf } from './names.js';
export { countParts, filesOf, findPerson, idsOf, type Person, removeParts } from './person.js';
