import { ROLES, type Role } from '../domain/roles.js';

/** How what a provider says of a person becomes a role. */
export interface RoleRule {
  /** The claim that has the person's groups or roles; a name with dots is also looked for as a path, such as realm_access.roles. */
  claim: string;
  /** Role by value of the claim. */
  roles: ReadonlyMap<string, Role>;
}

/** The highest role that the claims give; undefined where they give none. */
export function roleInClaims(claims: Readonly<Record<string, unknown>>, { claim, roles }: RoleRule): Role | undefined {
  const held = [valueAt(claims, claim)].flat().flatMap((value) => {
    const role = typeof value === 'string' ? roles.get(value) : undefined;
    return role ? [role] : [];
  });
  return ROLES.findLast((role) => held.includes(role));
}

/** Own properties alone: a claim that is called "constructor" is none. */
function valueAt(claims: Readonly<Record<string, unknown>>, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim];
  return claim
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, name)
          ? (at as Record<string, unknown>)[name]
          : undefined,
      claims,
    );
}
