export { type RoleRule, roleInClaims } from './claims.js';
export { COMMAND_LINE } from './principal.js';
export type { Principal, TokenPrincipal } from './principal.js';
export * from './rules.js';
