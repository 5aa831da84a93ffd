import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { type OidcSettings, oidcSettings } from '../../src/services/identity/index.js';

/** What tokens for the platform are called. */
export const AUDIENCE = 'urn:osteograph:api';

/** The public client that the web app and the command line are. */
export const CLIENT_ID = 'osteograph';

export interface TestProvider {
  issuer: string;
  /** Names and groups of people by subject; may be changed. */
  people: Map<string, { name: string; groups: string[] }>;
  /** Requests that came, by path. */
  requests: Map<string, number>;
  /** How long access tokens live from now on, s. */
  lifetime: number;
  settings(changes?: Parameters<typeof oidcSettings>[0]): OidcSettings;
  /** A token that the provider itself gives to the one with this subject. */
  token(subject: string, audience?: string): Promise<string>;
  /** Signs with the provider's key whatever it would not say. */
  sign(changes: Record<string, unknown>, header?: { alg?: string; kid?: string; typ?: string }): Promise<string>;
  /** Goes on with another key, as providers do now and then. */
  rotate(): Promise<void>;
  /** Goes on answering, with 500. */
  fail(fails: boolean): void;
  close(): Promise<void>;
}

/** A real provider on loopback, whose people need no password. */
export async function startProvider(): Promise<TestProvider> {
  let handler: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined;
  let failing = false;
  const requests = new Map<string, number>();
  const server: Server = createServer((request, response) => {
    const path = request.url!.split('?')[0]!;
    requests.set(path, (requests.get(path) ?? 0) + 1);
    if (failing) return void response.writeHead(500).end();
    handler!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people: TestProvider['people'] = new Map([
    ['ada', { name: 'Ada Reader', groups: ['staff', 'radiology'] }],
    ['otto', { name: 'Otto Operator', groups: ['radiology', 'lab'] }],
    ['grace', { name: 'Grace Admin', groups: ['admins'] }],
    ['nobody', { name: 'No Body', groups: ['staff'] }],
  ]);
  let key: { private: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']; jwk: JWK };
  let keys = 0;
  const rotate = async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: `key-${++keys}`, alg: 'RS256', use: 'sig' };
    key = { private: privateKey, jwk };
    const provider = new Provider(issuer, configuration());
    handler = provider.callback();
  };

  function configuration(): Configuration {
    return {
      jwks: { keys: [key.jwk as never] },
      clients: [
        {
          client_id: CLIENT_ID,
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
          // Any port of loopback, as RFC 8252 has it for native applications.
          redirect_uris: ['http://127.0.0.1/signed-in'],
          post_logout_redirect_uris: ['http://127.0.0.1/'],
        },
        // Each person is a client besides, which is how a provider hands out tokens without a browser.
        ...[...people.keys()].map((subject) => ({
          client_id: subject,
          client_secret: 'secret',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        })),
      ],
      cookies: { keys: ['test'] },
      claims: { openid: ['sub'], profile: ['name'] },
      clientBasedCORS: () => true,
      findAccount: (_context, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, name: people.get(accountId)?.name }),
      }),
      extraTokenClaims: (_context, token) => {
        const subject = 'accountId' in token ? (token.accountId as string) : token.clientId!;
        const person = people.get(subject);
        return { name: person?.name, groups: person?.groups };
      },
      // As Keycloak does, without offline_access.
      issueRefreshToken: () => Promise.resolve(true),
      pkce: { required: () => true },
      ttl: { Session: 3_600, Grant: 3_600, Interaction: 600, IdToken: 600, RefreshToken: 3_600 },
      features: {
        devInteractions: { enabled: true },
        deviceFlow: { enabled: true },
        clientCredentials: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          useGrantedResource: () => true,
          getResourceServerInfo: (_context, resource) => ({
            scope: 'api',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: provider.lifetime,
          }),
        },
      },
    };
  }

  const provider: TestProvider = {
    issuer,
    people,
    requests,
    lifetime: 600,
    settings: (changes = {}) =>
      oidcSettings({
        issuer,
        clientId: CLIENT_ID,
        audiences: [AUDIENCE],
        resource: AUDIENCE,
        roleClaim: 'groups',
        roleMap: 'statistics=ANALYST,radiology=READER,lab=OPERATOR,admins=ADMIN',
        ...changes,
      })!,
    async token(subject, audience = AUDIENCE) {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${subject}:secret`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    sign: (changes, header) =>
      new SignJWT({
        iss: issuer,
        aud: AUDIENCE,
        sub: 'ada',
        groups: ['radiology'],
        exp: Math.floor(Date.now() / 1_000) + 600,
        ...changes,
      })
        .setProtectedHeader({ alg: 'RS256', kid: key.jwk.kid!, ...header })
        .sign(key.private),
    rotate,
    fail: (fails) => void (failing = fails),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await rotate();
  return provider;
}
