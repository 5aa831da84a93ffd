import {
  decodeJwt,
  type errors,
  type JWTHeaderParameters,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyResult,
} from 'jose';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { roleInClaims } from '../../policy/index.js';
import type { IssuedElsewhere } from '../access/index.js';
import { isRevoked, keyOfPerson } from './people.js';
import { openProvider } from './provider.js';
import type { OidcSettings } from './settings.js';

/** People who sign in at an identity provider. */
export interface Identity extends IssuedElsewhere {
  /** What a program needs to have somebody sign in. @throws UserError UNAVAILABLE */
  signIn(): Promise<SignIn>;
  /** Origins at which a page exchanges a code for a token; of the issuer alone while the provider does not answer. */
  origins(): Promise<string[]>;
}

/** What a program needs to have somebody sign in. */
export interface SignIn {
  issuer: string;
  clientId: string;
  scope: string;
  resource: string | null;
  authorizationEndpoint: string | null;
  tokenEndpoint: string | null;
  endSessionEndpoint: string | null;
  /** With which the provider signs what it tells a program about who has signed in. */
  idTokenAlgorithms: string[];
}

/** Signatures with a key that the provider alone has: whoever can check one of an HMAC can make one, and "none" is none. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Longer ones come from nobody's provider: a header of HTTP has no more room. */
const LONGEST = 16_000;

/** Control characters, marks that nobody sees, halves of characters: in a list or a log they would show something else than what is there. */
const UNSEEN = /\p{C}/gu;

const CLAIMS = z.object({
  sub: z
    .string()
    .min(1)
    .max(255)
    .refine((sub) => sub.search(UNSEEN) === -1),
  exp: z.number().positive().max(253_402_300_799),
});

/** In characters. */
const LONGEST_NAME = 100;

export function openIdentity(
  settings: OidcSettings,
  options: { dataSource: DataSource; logger: Logger; now: () => number },
): Identity {
  const { dataSource, logger, now } = options;
  const { issuer, audiences, roleRule, clientId, scope, resource } = settings;
  const provider = openProvider(settings, logger);

  async function verified(text: string): Promise<JWTVerifyResult> {
    try {
      return await jwtVerify(text, provider.key, {
        issuer,
        audience: [...audiences],
        algorithms: ALGORITHMS,
        currentDate: new Date(now()),
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw refusal(error);
      // Whoever was revoked here is out also while nobody can say whether the token is theirs.
      const { success, data: claims } = CLAIMS.safeParse(decodeJwt(text));
      if (success && (await isRevoked(dataSource, { issuer, subject: claims.sub })))
        throw refusal(new Error('its person was revoked, and the provider does not answer'));
      throw error;
    }
  }

  /** Why is for the log: a stranger learns nothing. Of the error only this, since jose's has all claims of the person with it. */
  function refusal(error: unknown): UserError {
    const { code, claim, reason, message } = error as Partial<errors.JWTClaimValidationFailed>;
    logger.info({ code, claim, reason: reason ?? message }, 'a token of the identity provider was refused');
    return new UserError(
      'UNAUTHENTICATED',
      'This token is not one that the identity provider has given out for this server, or it has expired; sign in again.',
    );
  }

  return {
    recognises: (text) => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text),
    async find(text) {
      // What has expired has, also while the provider is away and nothing else can be checked.
      if (text.length > LONGEST || !(expiryOf(text) * 1_000 > now()))
        throw refusal(new Error('it is too long, or has expired'));
      const { payload, protectedHeader } = await verified(text);
      const { success, data: claims } = CLAIMS.safeParse(payload);
      if (!success) throw refusal(new Error('sub or exp is missing or malformed'));
      if (isIdToken(payload)) throw refusal(new Error('it is an ID token'));
      if ([payload.aud].flat().includes(clientId) && !isAccessToken(payload, protectedHeader))
        throw refusal(new Error('it is for the client itself and does not say that it is an access token'));
      const name = nameIn(payload, claims.sub);
      const role = roleInClaims(payload, roleRule);
      if (!role) {
        throw new UserError(
          'FORBIDDEN',
          `"${name}" has no role at this server: the claim "${roleRule.claim}" has no value that is mapped to one; ask an administrator.`,
        );
      }
      const expiresAt = new Date(claims.exp * 1_000);
      const tokenId = await keyOfPerson(dataSource, { issuer, subject: claims.sub, name, role, expiresAt });
      return { viewer: { tokenId, name, role, project: null, expiresAt }, msLeft: expiresAt.getTime() - now() };
    },
    async signIn() {
      const metadata = await provider.metadata();
      return {
        issuer,
        clientId,
        scope,
        resource: resource ?? null,
        authorizationEndpoint: metadata.authorization_endpoint ?? null,
        tokenEndpoint: metadata.token_endpoint ?? null,
        endSessionEndpoint: metadata.end_session_endpoint ?? null,
        idTokenAlgorithms: metadata.id_token_signing_alg_values_supported ?? ['RS256'],
      };
    },
    async origins() {
      const tokenEndpoint = (await provider.metadata().catch(() => undefined))?.token_endpoint;
      return [
        ...new Set([issuer, ...(tokenEndpoint ? [tokenEndpoint] : [])].map((address) => new URL(address).origin)),
      ];
    },
  };
}

/** What a token says of its end, NaN where it says nothing. */
function expiryOf(text: string): number {
  try {
    return decodeJwt(text).exp ?? NaN;
  } catch {
    return NaN;
  }
}

/** An ID token tells the client who has signed in and travels through addresses; it opens nothing. */
function isIdToken(payload: JWTPayload): boolean {
  return payload['at_hash'] !== undefined || payload['typ'] === 'ID';
}

/** Whether it says so, by RFC 9068 or as Keycloak does: ID tokens are always for the client, and need not have a mark of their own. */
function isAccessToken(payload: JWTPayload, { typ }: JWTHeaderParameters): boolean {
  return /^(application\/)?at\+jwt$/i.test(typ ?? '') || payload['typ'] === 'Bearer';
}

function nameIn(payload: JWTPayload, subject: string): string {
  const name = [payload['name'], payload['preferred_username'], payload['email']]
    .map((given) => (typeof given === 'string' ? given.replaceAll(UNSEEN, '').trim() : ''))
    .find((given) => given !== '');
  return [...(name ?? subject)].slice(0, LONGEST_NAME).join('').trim();
}
