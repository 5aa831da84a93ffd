import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type Role, roleIncludes } from '../../domain/roles.js';
import { startListener } from '../../work/index.js';
import { findToken, hashToken, roleOfToken } from './tokens.js';
import type { TokenPrincipal } from '../../policy/index.js';

/** What the database announces a change of a token on; the payload is its key. */
const CHANNEL = 'osteograph_token';

/** A token is looked up again after so long, should a network swallow an announcement without closing the connection. */
const TRUSTED_MS = 60_000;

/** Tokens remembered at a time. */
const MOST = 10_000;

/** Tokens that this process has seen lately: they cost no statement. */
export interface KnownTokens {
  /**
   * Who a token stands for.
   *
   * @throws UserError UNAUTHENTICATED when it is unknown, has expired or was revoked; of those given out elsewhere also what {@link IssuedElsewhere} says
   */
  verify(text: string): Promise<TokenPrincipal>;
  /** Whether {@link verify} has let this text in and no change of its token has been heard of since. It may still have to ask the database. */
  remembers(text: string): boolean;
  /** Whether a text looks like a token that an identity provider has signed, which nobody can guess. */
  isSigned(text: string): boolean;
  /**
   * What something is good for that was signed for the token with this key when it had a role; null once it is no longer valid: it ends with its token. A token of
   * ours that has been given a lower role since counts as what it is now; of a person, whose tokens have roles of their own, the one that asked counts.
   */
  standing(tokenId: number, signed: Role): Promise<Role | null>;
  /** Looks at this one anew; for a process that has just changed it, and need not wait until it hears of it. */
  forget(tokenId: number): void;
  close(): Promise<void>;
}

/** Tokens that somebody else gives out. */
export interface IssuedElsewhere {
  /** Whether a text looks like one of them. */
  recognises(text: string): boolean;
  /**
   * Who such a token stands for, and for how many more milliseconds.
   *
   * @throws UserError UNAUTHENTICATED; FORBIDDEN for somebody without a role; UNAVAILABLE while nobody can say
   */
  find(text: string): Promise<{ viewer: TokenPrincipal; msLeft: number }>;
}

/** Remembers tokens until they expire or the database says that they changed, and none while it could not say so. */
export async function openKnownTokens(options: {
  dataSource: DataSource;
  databaseUrl: string;
  logger: Logger;
  /** Absent: only tokens of ours are good. */
  elsewhere?: IssuedElsewhere | undefined;
  /** How long what the database said is believed, ms. */
  trustedMs?: number;
}): Promise<KnownTokens> {
  const { dataSource, elsewhere, trustedMs = TRUSTED_MS } = options;
  const known = new Map<string, { viewer: TokenPrincipal; until: number }>();
  const standing = new Map<number, { role: Role; isPerson: boolean; until: number }>();
  const lower = (a: Role, b: Role): Role => (roleIncludes(a, b) ? b : a);
  let listening = true;
  /** Rises with each change that was heard of: what was read before it may be out of date. */
  let changes = 0;

  const forget = (tokenId: number) => {
    changes++;
    standing.delete(tokenId);
    for (const [hash, { viewer }] of known) if (viewer.tokenId === tokenId) known.delete(hash);
  };
  const heardNothing = (isListening: boolean) => {
    changes++;
    listening = isListening;
    known.clear();
    standing.clear();
  };
  /** Until when something that was asked now may be believed. */
  const trustedUntil = (asked: number, msLeft: number | null) => asked + Math.min(trustedMs, msLeft ?? Infinity);
  const listener = await startListener({
    databaseUrl: options.databaseUrl,
    channels: [CHANNEL],
    onNotification: (_channel, payload) => forget(Number(payload)),
    onLost: () => heardNothing(false),
    onReconnect: () => heardNothing(true),
    logger: options.logger,
  });

  return {
    async verify(text) {
      const hash = hashToken(text);
      const remembered = known.get(hash);
      if (remembered && performance.now() < remembered.until) return remembered.viewer;
      const before = changes;
      const asked = performance.now();
      const found = elsewhere?.recognises(text) ? elsewhere.find(text) : findToken(dataSource, hash);
      const { viewer, msLeft } = await found.catch((error: unknown) => {
        if (error instanceof UserError) known.delete(hash);
        throw error;
      });
      if (listening && changes === before) {
        if (known.size >= MOST) known.clear();
        known.set(hash, { viewer, until: trustedUntil(asked, msLeft) });
      }
      return viewer;
    },
    remembers: (text) => known.has(hashToken(text)),
    isSigned: (text) => elsewhere?.recognises(text) ?? false,
    async standing(tokenId, signed) {
      const remembered = standing.get(tokenId);
      if (remembered && performance.now() < remembered.until) {
        return remembered.isPerson ? signed : lower(signed, remembered.role);
      }
      const before = changes;
      const asked = performance.now();
      const { role, isPerson, msLeft } = await roleOfToken(dataSource, tokenId);
      if (role && listening && changes === before) {
        if (standing.size >= MOST) standing.clear();
        standing.set(tokenId, { role, isPerson, until: trustedUntil(asked, msLeft) });
      }
      if (role === null) return null;
      return isPerson ? signed : lower(signed, role);
    },
    forget,
    close: () => listener.close(),
  };
}
