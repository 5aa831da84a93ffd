/** The only door to variables by their names for other layers. */
export { removeUnused, type UsedLevel, usedLevels } from './forget.js';
export { resolveVariables } from './catalogue.js';
export { readDefinition } from './derived.js';
export {
  conditionList,
  isFilterObject,
  namedFilter,
  namesVariables,
  pinVersions,
  resolveComparisons,
  resolveConditions,
} from './names.js';
export {
  countVariables,
  coverageOf,
  findVariables,
  type FoundVariable,
  levelsOf,
  type VariableLevel,
  type VisitCoverage,
} from './search.js';
export { readValues, type VariableValue } from './values.js';
