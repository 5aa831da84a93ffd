import { type Command, Option } from 'commander';
import { DEFAULT_ROLE_CLAIM, DEFAULT_SCOPE, type OidcSettings, oidcSettings } from '../services/identity/index.js';

/** What is given of the identity provider, as commander names it. */
export interface GivenOidc {
  oidcIssuer?: string;
  oidcClientId?: string;
  oidcAudience: string[];
  oidcRoleClaim?: string;
  oidcRoleMap?: string;
  oidcScope?: string;
  oidcResource?: string;
}

/** Adds the options by which people sign in at an identity provider. */
export function addOidcOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--oidc-issuer <url>', 'identity provider (OpenID Connect) at which people sign in').env(
        'OSTEOGRAPH_OIDC_ISSUER',
      ),
    )
    .addOption(
      new Option('--oidc-client-id <id>', 'public client that the web app and the command line are there').env(
        'OSTEOGRAPH_OIDC_CLIENT_ID',
      ),
    )
    .addOption(
      new Option('--oidc-audience <name>', 'audience of tokens for this server; may be given again')
        .argParser(collect)
        .default([], 'the client id')
        .env('OSTEOGRAPH_OIDC_AUDIENCE'),
    )
    .addOption(
      new Option(
        '--oidc-role-claim <name>',
        `claim of a person's groups or roles (default: ${DEFAULT_ROLE_CLAIM})`,
      ).env('OSTEOGRAPH_OIDC_ROLE_CLAIM'),
    )
    .addOption(
      new Option(
        '--oidc-role-map <pairs>',
        'which of its values gives which role, such as radiology=READER,admins=ADMIN (default: the names of the roles)',
      ).env('OSTEOGRAPH_OIDC_ROLE_MAP'),
    )
    .addOption(
      new Option(
        '--oidc-scope <scopes>',
        `what the web app and the command line ask for (default: "${DEFAULT_SCOPE}")`,
      ).env('OSTEOGRAPH_OIDC_SCOPE'),
    )
    .addOption(
      new Option(
        '--oidc-resource <uri>',
        'what they ask a token for (RFC 8707), where the provider wants to be told',
      ).env('OSTEOGRAPH_OIDC_RESOURCE'),
    );
}

/** @throws UserError BAD_USER_INPUT */
export function oidcOf(given: GivenOidc): OidcSettings | undefined {
  return oidcSettings({
    issuer: given.oidcIssuer,
    clientId: given.oidcClientId,
    audiences: given.oidcAudience,
    roleClaim: given.oidcRoleClaim,
    roleMap: given.oidcRoleMap,
    scope: given.oidcScope,
    resource: given.oidcResource,
  });
}

/** Adds names; a variable of the environment has several, separated by commas. */
function collect(text: string, before: string[]): string[] {
  return [...before, ...text.split(',').flatMap((name) => name.trim() || [])];
}
