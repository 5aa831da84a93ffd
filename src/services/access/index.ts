/** The only door to what decides and records who asks: tokens, quotas, client keys, the audit. */
export { audit, auditDownload } from './audit.js';
export { type DatabaseClock, openDatabaseClock } from './clock.js';
export { asAsked, findByClientKey } from './client-keys.js';
export { type IssuedElsewhere, type KnownTokens, openKnownTokens } from './known-tokens.js';
export {
  daysBackOf,
  erasureDigest,
  type HasWithdrawn,
  knownInAudit,
  mapTexts,
  readWithdrawals,
  refuseWithdrawn,
  settleDaysBack,
  uidKey,
  uploadKey,
  WITHDRAWN,
} from './participants.js';
export { DEFAULT_QUOTA, MAX_QUOTA, openQuotas, type Quotas, type Standing } from './quotas.js';
export { createToken, hasNoTokens, listTokens, revokeToken } from './tokens.js';
