import { UserError } from '../../domain/errors.js';
import { ROLES, type Role } from '../../domain/roles.js';
import { isSafeAddress } from '../../domain/safe-address.js';
import type { RoleRule } from '../../policy/index.js';

/** Who vouches for people, and what of their word counts here. */
export interface OidcSettings {
  /** As the provider writes it in its tokens. */
  issuer: string;
  /** The public client that the web app and the command line are there. */
  clientId: string;
  /** A token must name one of these. */
  audiences: readonly string[];
  /** Scopes that the web app and the command line ask for, separated by blanks. */
  scope: string;
  /** What they ask a token for (RFC 8707), where the provider wants to be told. */
  resource: string | undefined;
  roleRule: RoleRule;
}

/** The settings as somebody writes them. */
export interface OidcOptions {
  issuer?: string | undefined;
  clientId?: string | undefined;
  audiences?: readonly string[] | undefined;
  scope?: string | undefined;
  resource?: string | undefined;
  roleClaim?: string | undefined;
  /** E.g. "radiology-readers=READER,admins=ADMIN". */
  roleMap?: string | undefined;
}

export const DEFAULT_ROLE_CLAIM = 'roles';
export const DEFAULT_SCOPE = 'openid profile';

/**
 * What has been written, checked; undefined where no provider is named.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function oidcSettings(options: OidcOptions): OidcSettings | undefined {
  const { issuer, clientId, audiences = [], scope, resource, roleClaim, roleMap } = options;
  if (!issuer) {
    const other = Object.entries({ clientId, scope, resource, roleClaim, roleMap, audience: audiences[0] });
    if (other.every(([, value]) => !value)) return undefined;
    throw new UserError(
      'BAD_USER_INPUT',
      'Settings of OpenID Connect need --oidc-issuer, the address of the provider.',
    );
  }
  if (!clientId) throw new UserError('BAD_USER_INPUT', '--oidc-issuer needs --oidc-client-id beside it.');
  if (!URL.canParse(issuer) || !isSafeAddress(new URL(issuer))) {
    throw new UserError(
      'BAD_USER_INPUT',
      `--oidc-issuer must be an https address, or an http one of this machine, got "${issuer}".`,
    );
  }
  if (resource && !URL.canParse(resource)) {
    throw new UserError('BAD_USER_INPUT', `--oidc-resource must be a URI, got "${resource}".`);
  }
  return {
    issuer,
    clientId,
    audiences: audiences.length > 0 ? audiences : [clientId],
    scope: scope || DEFAULT_SCOPE,
    resource: resource || undefined,
    roleRule: { claim: roleClaim || DEFAULT_ROLE_CLAIM, roles: roleMap ? rolesIn(roleMap) : OWN_NAMES },
  };
}

/** Without a map the claim has the roles by the names they have here. */
const OWN_NAMES: ReadonlyMap<string, Role> = new Map(ROLES.map((role) => [role, role]));

function rolesIn(text: string): ReadonlyMap<string, Role> {
  return new Map(
    text.split(',').map((pair) => {
      const at = pair.lastIndexOf('=');
      const value = pair.slice(0, Math.max(at, 0)).trim();
      const role = ROLES.find((name) => name === pair.slice(at + 1).trim());
      if (value && role) return [value, role];
      throw new UserError(
        'BAD_USER_INPUT',
        `--oidc-role-map must be pairs such as radiology-readers=READER, separated by commas, with a role of ${ROLES.join(', ')}; got "${pair}".`,
      );
    }),
  );
}
