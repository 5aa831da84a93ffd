/** The only door to the search for other layers. */
export { searchEverything } from './search.js';
