import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { allowInsecureRequests, discovery, None, type ServerMetadata } from 'openid-client';
import type { Logger } from 'pino';
import { UserError } from '../../domain/errors.js';
import { isSafeAddress } from '../../domain/safe-address.js';
import type { OidcSettings } from './settings.js';

/** What is asked of the provider itself. Nothing is, until somebody signs in; what it said is kept. */
export interface Provider {
  /**
   * Where what of it is.
   *
   * @throws UserError UNAVAILABLE
   */
  metadata(): Promise<ServerMetadata>;
  /** Finds the key of a token. @throws UserError UNAVAILABLE */
  key: JWTVerifyGetKey;
}

/** How long the provider may take for an answer, ms. */
const PATIENCE_MS = 3_000;

/** One that did not answer is left alone for so long, ms: meanwhile nobody waits for it. */
const AWAY_MS = 5_000;

/** Keys are asked for again after so long, ms; and for a key that is not among them, but not more often than this. */
const KEYS_MS = 600_000;
const UNKNOWN_KEY_MS = 5_000;

export function openProvider({ issuer, clientId }: OidcSettings, logger: Logger): Provider {
  const address = new URL(issuer);
  let asked: Promise<ServerMetadata> | undefined;
  let known: ServerMetadata | undefined;
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  let awayUntil = 0;

  function away(cause: unknown): UserError {
    return new UserError(
      'UNAVAILABLE',
      `The identity provider ${address.host} does not answer; tokens of this server work meanwhile.`,
      {
        cause,
      },
    );
  }

  function noteAway(error: unknown): UserError {
    logger.warn({ err: error, issuer }, 'the identity provider does not answer as it should');
    return away(error);
  }

  async function ask(): Promise<ServerMetadata> {
    const execute = address.protocol === 'http:' ? [allowInsecureRequests] : [];
    // In seconds.
    const options = { execute, timeout: PATIENCE_MS / 1_000 };
    return (await discovery(address, clientId, undefined, None(), options)).serverMetadata();
  }

  async function metadata(): Promise<ServerMetadata> {
    if (known) return known;
    if (performance.now() < awayUntil) throw away(undefined);
    try {
      return (known = await (asked ??= ask()));
    } catch (error) {
      awayUntil = performance.now() + AWAY_MS;
      throw noteAway(error);
    } finally {
      asked = undefined;
    }
  }

  async function openKeys(): Promise<NonNullable<typeof keys>> {
    const { jwks_uri: uri } = await metadata();
    if (!uri || !isSafeAddress(new URL(uri))) throw noteAway(new Error(`its jwks_uri is ${uri}`));
    return (keys ??= createRemoteJWKSet(new URL(uri), {
      timeoutDuration: PATIENCE_MS,
      cacheMaxAge: KEYS_MS,
      cooldownDuration: UNKNOWN_KEY_MS,
    }));
  }

  return {
    metadata,
    async key(header, token) {
      const found = keys ?? (await openKeys());
      if (!found.fresh && performance.now() < awayUntil) throw away(undefined);
      try {
        return await found(header, token);
      } catch (error) {
        if (isOfToken(error)) throw error;
        if (!found.fresh) awayUntil = performance.now() + AWAY_MS;
        throw noteAway(error);
      }
    },
  };
}

/** Whether no key fits because of what the token says, and not because the provider does not answer. */
function isOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
