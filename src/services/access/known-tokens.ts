import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { startListener } from '../../work/index.js';
import { findToken, hashToken } from './tokens.js';
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
   * @throws UserError UNAUTHENTICATED when it is unknown, has expired or was revoked
   */
  verify(text: string): Promise<TokenPrincipal>;
  /** Looks at this one anew; for a process that has just changed it, and need not wait until it hears of it. */
  forget(tokenId: number): void;
  close(): Promise<void>;
}

/** Remembers tokens until they expire or the database says that they changed, and none while it could not say so. */
export async function openKnownTokens(options: {
  dataSource: DataSource;
  databaseUrl: string;
  logger: Logger;
}): Promise<KnownTokens> {
  const known = new Map<string, { viewer: TokenPrincipal; until: number }>();
  let listening = true;
  /** Rises with each change that was heard of: what was read before it may be out of date. */
  let changes = 0;

  const forget = (tokenId: number) => {
    changes++;
    for (const [hash, { viewer }] of known) if (viewer.tokenId === tokenId) known.delete(hash);
  };
  const heardNothing = (isListening: boolean) => {
    changes++;
    listening = isListening;
    known.clear();
  };
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
      const { viewer, msLeft } = await findToken(options.dataSource, hash);
      if (listening && changes === before) {
        if (known.size >= MOST) known.clear();
        known.set(hash, { viewer, until: asked + Math.min(TRUSTED_MS, msLeft ?? Infinity) });
      }
      return viewer;
    },
    forget,
    close: () => listener.close(),
  };
}
