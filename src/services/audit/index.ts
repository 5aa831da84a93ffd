/** The only door to reading the audit, and to the chain that its rows are linked to. */
export { auditOf } from './about.js';
export { sealAudit, startAuditSeal } from './chain.js';
export { type AuditCheck, checkAudit, type ChainHead, parseHead } from './check.js';
export { exportAudit } from './export.js';
export { REMOVABLE, removeAudit } from './remove.js';
