/** The only door to the DICOM objects that DICOMweb lists and takes in, for other layers. */
export { type AttributeLevel, SEARCHABLE, type SearchableAttribute } from './attributes.js';
export { type Catalogue, openCatalogue, startCatalogue } from './catalogue.js';
export { isMatched, type Match } from './matching.js';
export { type Found, searchObjects, type SearchRequest } from './search.js';
export { isSlice, type ObjectStore, openObjectStore, type ReadFilm, type StoredObject } from './store.js';
