export { type RoleRule, roleInClaims } from './claims.js';
export { COMMAND_LINE } from './principal.js';
export type { Principal, TokenPrincipal } from './principal.js';
export * from './rules.js';
export { NO_INSIDE_WEBHOOKS, requireReachable, type WebhookRules, webhookTarget } from './webhook-targets.js';
