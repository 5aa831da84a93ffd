/** What a token may do; each role includes those before it. */
export const ROLES = ['SUMMARY', 'ANALYST', 'READER', 'OPERATOR', 'ADMIN'] as const;

/** SUMMARY: counts only. ANALYST: records without images. READER: images too. OPERATOR: generate. ADMIN: tokens and everything else. */
export type Role = (typeof ROLES)[number];

export function roleIncludes(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}
