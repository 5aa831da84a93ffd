/** The only door to variables that users define: making, changing, deleting and listing them. What they are worth, `variables` says. */
export {
  createDerivedVariable,
  deleteDerivedVariable,
  type NewDerivedVariable,
  updateDerivedVariable,
} from './change.js';
export { derivedProblem, findDerivedVariable, findDerivedVariableNamed } from './read.js';
export {
  DERIVED_VARIABLE_LISTING,
  DERIVED_VARIABLE_VERSION_LISTING,
  DERIVED_VARIABLE_VERSIONS,
  DERIVED_VARIABLES,
} from './listing.js';
export type { DefinitionRequest } from './definition.js';
