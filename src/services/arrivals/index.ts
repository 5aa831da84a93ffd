/** The only door to what comes over the network for other layers. */
export { type RuleServices } from './apply-rules.js';
export { FAILURES, failureOf, type Failure } from './failures.js';
export { addArrivalRule, findArrivalRule, listArrivalRules, type NewArrivalRule, removeArrivalRule } from './rules.js';
export { openArrivals, type Arrivals, type ArrivalServices, type Arrived, type Sender } from './take-in.js';
export { type Claim, type Stated, statedIn, type StatedOf, whoseIs } from './whose.js';
