/** The only door to tags and notes for other layers. */
export { deleteNote, findNote, setNote } from './notes.js';
export type { Subject } from './subject.js';
export { addTags, removeTags } from './tags.js';
