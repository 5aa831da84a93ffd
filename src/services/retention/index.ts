/** The only door to retention for other layers. */
export { applyRetention, retentionUse, type RetentionUse } from './retain.js';
export { DEFAULT_RULES, inWords, parseRules, type RetentionRules } from './rules.js';
