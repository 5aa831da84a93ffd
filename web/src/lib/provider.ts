import type * as OpenId from 'openid-client';
import type { Person } from './session.ts';

/** The identity provider at which people sign in, as the server tells it. */
export interface Provider {
  issuer: string;
  clientId: string;
  scope: string;
  resource: string | null;
  authorizationEndpoint: string | null;
  tokenEndpoint: string | null;
  endSessionEndpoint: string | null;
  idTokenAlgorithms: string[];
}

/** The address to which the provider sends people back. */
const CALLBACK = '/signed-in';

/** What has to be known again when somebody comes back; of one tab. */
const PENDING = 'osteograph:signing-in';

interface Pending {
  verifier: string;
  state: string;
  nonce: string;
  /** Where they wanted to go. */
  wanted: string;
}

/**
 * The provider; null where tokens are all there is.
 *
 * @throws Error with a sentence when it cannot be told
 */
export async function askProvider(): Promise<Provider | null> {
  const response = await fetch('/sign-in');
  const answer = (await response.json()) as { provider?: Provider | null; errors?: { message: string }[] };
  if (!response.ok) throw new Error(answer.errors?.[0]?.message ?? `The server answered with ${response.status}.`);
  return answer.provider ?? null;
}

/** Leaves this page for the provider's. */
export async function beginSignIn(provider: Provider): Promise<void> {
  // Without TLS, browsers have none of the cryptography that a sign-in needs.
  if (!isSecureContext) throw new Error('Signing in needs an address of this app that begins with https.');
  const { client, config } = await clientOf(provider);
  const pending: Pending = {
    verifier: client.randomPKCECodeVerifier(),
    state: client.randomState(),
    nonce: client.randomNonce(),
    wanted: location.pathname === CALLBACK ? '/' : location.pathname + location.search + location.hash,
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: location.origin + CALLBACK,
    scope: provider.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
    ...resourceOf(provider),
  });
  location.assign(address);
}

/** Whether somebody just comes back from the provider. */
export function comesBack(): boolean {
  return location.pathname === CALLBACK;
}

let finishing: Promise<Person> | undefined;

/**
 * Exchanges what they bring for tokens, once, and goes where they wanted to go.
 *
 * @throws Error with a sentence
 */
export function finishSignIn(): Promise<Person> {
  return (finishing ??= finish());
}

async function finish(): Promise<Person> {
  const address = new URL(location.href);
  const kept = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  const pending = kept === null ? undefined : (JSON.parse(kept) as Pending);
  // The code is worth nothing any more, and is in nobody's history.
  history.replaceState(null, '', pending?.wanted ?? '/');
  const provider = await askProvider();
  if (!provider || !pending) throw new Error('This sign-in was begun somewhere else; sign in again.');
  const { client, config } = await clientOf(provider);
  const checks = { pkceCodeVerifier: pending.verifier, expectedState: pending.state, expectedNonce: pending.nonce };
  try {
    const tokens = await client.authorizationCodeGrant(
      config,
      address,
      { ...checks, idTokenExpected: true },
      resourceOf(provider),
    );
    return { session: crypto.randomUUID(), issuer: provider.issuer, ...tokensOf(tokens) };
  } catch (cause) {
    throw new Error(sentenceOf(cause), { cause });
  }
}

/**
 * The next tokens of somebody; undefined when the provider gives no more and they have to sign in again.
 *
 * @throws Error when the provider does not answer
 */
export async function renewed(person: Person): Promise<Person | undefined> {
  const { refreshToken } = person;
  const provider = await askProvider();
  if (!provider || refreshToken === undefined) return undefined;
  const { client, config } = await clientOf(provider);
  try {
    const tokens = await client.refreshTokenGrant(config, refreshToken, resourceOf(provider));
    return { ...person, ...tokensOf(tokens) };
  } catch (error) {
    if (error instanceof client.ResponseBodyError) return undefined;
    throw error;
  }
}

/**
 * Ends the session at the provider too.
 *
 * @throws Error with a sentence where it has no page for that, or cannot be reached
 */
export async function leaveProvider(person: Person): Promise<void> {
  try {
    await endSession(person);
  } catch (cause) {
    throw new Error(`You are still signed in at ${new URL(person.issuer).host}.`, { cause });
  }
}

async function endSession({ idToken }: Person): Promise<void> {
  const provider = await askProvider();
  if (!provider?.endSessionEndpoint) throw new Error('The provider has no page that ends a session.');
  const { client, config } = await clientOf(provider);
  const address = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: `${location.origin}/`,
    ...(idToken === undefined ? {} : { id_token_hint: idToken }),
  });
  location.assign(address);
}

/** Most people have a token, and load none of this. */
async function clientOf(provider: Provider): Promise<{ client: typeof OpenId; config: OpenId.Configuration }> {
  const client = await import('openid-client');
  const { issuer, clientId, authorizationEndpoint, tokenEndpoint, endSessionEndpoint, idTokenAlgorithms } = provider;
  const config = new client.Configuration(
    {
      issuer,
      ...(authorizationEndpoint === null ? {} : { authorization_endpoint: authorizationEndpoint }),
      ...(tokenEndpoint === null ? {} : { token_endpoint: tokenEndpoint }),
      ...(endSessionEndpoint === null ? {} : { end_session_endpoint: endSessionEndpoint }),
      id_token_signing_alg_values_supported: idTokenAlgorithms,
    },
    clientId,
    undefined,
    client.None(),
  );
  // The server takes such a provider on its own machine alone.
  if (issuer.startsWith('http:')) client.allowInsecureRequests(config);
  return { client, config };
}

function resourceOf({ resource }: Provider): Record<string, string> {
  return resource === null ? {} : { resource };
}

function tokensOf(
  tokens: OpenId.TokenEndpointResponse & OpenId.TokenEndpointResponseHelpers,
): Omit<Person, 'session' | 'issuer'> {
  const seconds = tokens.expiresIn() ?? 300;
  return {
    accessToken: tokens.access_token,
    renewAt: Date.now() + 1_000 * Math.max(seconds - 60, seconds / 2),
    endsAt: Date.now() + 1_000 * seconds,
    ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
    ...(tokens.id_token === undefined ? {} : { idToken: tokens.id_token }),
  };
}

function sentenceOf(cause: unknown): string {
  const { error, error_description: description } = (cause ?? {}) as { error?: unknown; error_description?: unknown };
  if (error === 'access_denied') return 'The sign-in was canceled.';
  return `The identity provider did not sign you in${typeof description === 'string' ? ` (${description})` : ''}; try again.`;
}
