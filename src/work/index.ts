/** The only door to durable work for other layers. */
export { type Attempted, attemptWork, isAway } from './attempt.js';
export { type BackgroundWork, startBackground } from './background.js';
export { askToStop, CANCEL_CHANNEL, cancelWork } from './cancel.js';
export { type EventLogs, openEventLogs, type ReadInTurn } from './event-hub.js';
export { CancelRequested, DamagedData, type Fault, StaleAttempt } from './faults.js';
export type { Completion, RunContext, WorkKind } from './kind.js';
export { Lease } from './lease.js';
export { Leases } from './leases.js';
export { startListener } from './listener.js';
export type { LogPage, LogSource } from './log.js';
export { countLines, insertLines, logOf, type LogRow } from './log-pages.js';
export { type AtPoint, type RacePoint, watchPoints } from './points.js';
export { recoveryOf } from './recovery.js';
export { WorkRegistry } from './registry.js';
export { type Runner, type RunnerOptions, startRunner } from './runner.js';
export {
  type AttemptOutcome,
  type AttemptPart,
  currentTraceparent,
  type Happening,
  listen,
  parseTraceparent,
  emit,
} from './telemetry.js';
export {
  type Change,
  channelOf,
  type LogBody,
  type LoggedKind,
  requireLegal,
  type Seen,
  type StateChange,
} from './states.js';
export { type Timings, TIMINGS } from './timings.js';
export { advance, advanceAll, enterLog, STARTABLE } from './transitions.js';
