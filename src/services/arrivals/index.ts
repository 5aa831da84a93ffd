/** The only door to what comes over the network for other layers. */
export { FAILURES, failureOf, type Failure } from './failures.js';
export { openArrivals, type Arrivals, type Arrived, type Sender } from './take-in.js';
export { type Claim, type Stated, statedIn, type StatedOf, whoseIs } from './whose.js';
