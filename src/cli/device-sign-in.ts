import * as client from 'openid-client';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { isSafeAddress } from '../domain/safe-address.js';
import { keepLogin, type Login, readLogins } from './kept-logins.js';

/** How long the provider and the server may take for an answer, s. */
const PATIENCE = 10;

/** A token that ends within this time is renewed before it is used, ms. */
const SOON_MS = 30_000;

const SIGN_IN = z.object({
  provider: z
    .object({ issuer: z.string(), clientId: z.string(), scope: z.string(), resource: z.string().nullable() })
    .nullable(),
});

/**
 * Has somebody sign in at the identity provider of a server, with whatever browser they like (RFC 8628).
 *
 * @param server its origin
 * @param tell shows them where to go, and the code that has to be there
 * @throws UserError
 */
export async function signIn(server: string, tell: (address: string, code: string) => void): Promise<Login> {
  const { issuer, clientId, scope, resource } = await providerOf(server);
  const config = await configOf({ issuer, clientId });
  if (!config.serverMetadata().device_authorization_endpoint) {
    throw new UserError(
      'UNAVAILABLE',
      `The identity provider ${issuer} has no device grant, which the command line needs.`,
    );
  }
  try {
    const asked = { scope, ...resourceOf(resource) };
    const device = await client.initiateDeviceAuthorization(config, asked);
    const address = new URL(device.verification_uri_complete ?? device.verification_uri).href;
    tell(address, device.user_code.replace(/[^\x20-\x7e]/g, ''));
    const tokens = await client.pollDeviceAuthorizationGrant(config, device, resourceOf(resource));
    return loginOf({ server, issuer, clientId, resource }, tokens, null);
  } catch (error) {
    throw refusal(error, issuer);
  }
}

/**
 * The login with a token that is good for a while, renewed and kept where it has to be.
 *
 * @throws UserError UNAUTHENTICATED when they have to sign in again, UNAVAILABLE
 */
export async function freshLogin(login: Login): Promise<Login> {
  if (Date.now() < login.endsAt - SOON_MS) return login;
  if (login.refreshToken !== null) {
    const config = await configOf(login);
    try {
      const tokens = await client.refreshTokenGrant(config, login.refreshToken, resourceOf(login.resource));
      const renewed = loginOf(login, tokens, login.refreshToken);
      await keepLogin(renewed);
      return renewed;
    } catch (error) {
      if (!(error instanceof client.ResponseBodyError)) throw refusal(error, login.issuer);
      // A refresh token is often good once: another command may have used it just now.
      const kept = (await readLogins()).find(({ server }) => server === login.server);
      if (kept && kept.accessToken !== login.accessToken) return kept;
    }
  }
  if (Date.now() < login.endsAt) return login;
  throw new UserError(
    'UNAUTHENTICATED',
    `Your sign-in at ${login.server} has ended; "osteograph login --server ${login.server}" signs you in again.`,
  );
}

/** Has the provider forget the login, where it can. @throws UserError UNAVAILABLE */
export async function revoke(login: Login): Promise<void> {
  const config = await configOf(login);
  if (!config.serverMetadata().revocation_endpoint) return;
  try {
    await client.tokenRevocation(config, login.refreshToken ?? login.accessToken);
  } catch (error) {
    throw refusal(error, login.issuer);
  }
}

async function providerOf(server: string): Promise<NonNullable<z.infer<typeof SIGN_IN>['provider']>> {
  const signal = AbortSignal.timeout(1_000 * PATIENCE);
  const answer = await fetch(new URL('/sign-in', server), { signal })
    .then(async (response) => SIGN_IN.safeParse(await response.json()))
    .catch((cause: unknown) => {
      throw new UserError('UNAVAILABLE', `${server} does not answer as an Osteograph does.`, { cause });
    });
  if (!answer.success) {
    throw new UserError('UNAVAILABLE', `${server} cannot say where people sign in; its identity provider may be away.`);
  }
  const { provider } = answer.data;
  if (!provider) {
    throw new UserError(
      'BAD_USER_INPUT',
      `Nobody signs in at ${server}: it takes its own tokens alone, which "osteograph token create" makes.`,
    );
  }
  return provider;
}

async function configOf({ issuer, clientId }: Pick<Login, 'issuer' | 'clientId'>): Promise<client.Configuration> {
  const address = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!address || !isSafeAddress(address)) {
    throw new UserError('BAD_USER_INPUT', `The identity provider "${issuer}" is not at an https address.`);
  }
  const execute = address.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  try {
    return await client.discovery(address, clientId, undefined, client.None(), { execute, timeout: PATIENCE });
  } catch (error) {
    throw refusal(error, issuer);
  }
}

function resourceOf(resource: string | null): Record<string, string> {
  return resource === null ? {} : { resource };
}

function loginOf(
  { server, issuer, clientId, resource }: Pick<Login, 'server' | 'issuer' | 'clientId' | 'resource'>,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  refreshToken: string | null,
): Login {
  return {
    server,
    issuer,
    clientId,
    resource,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? refreshToken,
    endsAt: Date.now() + 1_000 * (tokens.expiresIn() ?? 300),
  };
}

/** What went wrong at the provider, in a sentence. */
function refusal(error: unknown, issuer: string): UserError {
  if (error instanceof UserError) return error;
  const code = error instanceof client.ResponseBodyError ? error.error : undefined;
  if (code === 'access_denied') return new UserError('FORBIDDEN', 'The sign-in was canceled.', { cause: error });
  if (code === 'expired_token') {
    return new UserError('UNAUTHENTICATED', 'Nobody has signed in in time; begin again.', { cause: error });
  }
  const why = code ? `refuses (${code})` : 'does not answer as it should';
  return new UserError('UNAVAILABLE', `The identity provider ${issuer} ${why}.`, { cause: error });
}
