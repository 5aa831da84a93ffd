import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { UserError } from '../../domain/errors.js';
import { askedByNobody, installationId } from '../../entities/index.js';

/** Seconds after which a token's quota is whole again, counted from the first request after it was last whole. */
export const QUOTA_WINDOW = 60;

/** Points of a token in one window, unless told otherwise: two hundred of the dearest operations, ten thousand facet queries. */
export const DEFAULT_QUOTA = 10_000_000;

/** The store counts in 32 bits, and each process may count a lease beyond the quota. */
export const MAX_QUOTA = 1_000_000_000;

/** Points that a process takes from the store at a time, as a share of the quota and at most. */
const LEASE = { share: 1 / 20, most: 500_000 };

/** Prefix of the keys in Redis, before the installation's own; the table of PostgreSQL has none but these. */
const PREFIX = 'osteograph-quota';

/** How a token stands. */
export interface Standing {
  /** Points of a window. */
  limit: number;
  /** Seconds of a window. */
  window: number;
  /** Points left, as far as this process knows: what others hold and have not spent counts as spent. */
  remaining: number;
  /** Seconds until the quota is whole again. */
  resetSeconds: number;
}

/** What tokens may spend. */
export interface Quotas {
  /**
   * Takes points from a token's quota.
   *
   * @param what is being asked, for the sentence, e.g. "this query"
   * @throws UserError RATE_LIMITED when they are not there; nothing is taken then
   */
  spend(tokenId: number, points: number, what: string): Promise<Standing>;
  /** Without spending. */
  standing(tokenId: number): Standing;
  close(): Promise<void>;
}

export interface QuotaOptions {
  dataSource: DataSource;
  /** redis://... to count in Redis; absent to count in the database. */
  queueUrl?: string | undefined;
  /** Points of a window. */
  limit: number;
  /** Seconds of a window; default {@link QUOTA_WINDOW}. */
  window?: number;
  logger: Logger;
}

/**
 * One quota per token over all processes that share the store. A process takes points from the store in leases of a twentieth of the
 * quota and spends them from memory, so that hot pages cost no round trip; it asks no more once a quota is spent. While the store
 * does not answer, each process counts for itself.
 */
export async function openQuotas({
  dataSource,
  queueUrl,
  limit,
  window = QUOTA_WINDOW,
  logger,
}: QuotaOptions): Promise<Quotas> {
  const policy = { points: limit, duration: window };
  const store = await (queueUrl ? redisStore(queueUrl, dataSource, policy, logger) : postgresStore(dataSource, policy));
  const leases = new Map<number, Lease>();
  const sweeping = setInterval(() => {
    for (const [tokenId, lease] of leases) if (lease.ended) leases.delete(tokenId);
  }, window * 1000).unref();

  const current = (tokenId: number): Lease => {
    let lease = leases.get(tokenId);
    if (!lease || lease.ended) leases.set(tokenId, (lease = new Lease(store.counter, String(tokenId), policy)));
    return lease;
  };
  return {
    async spend(tokenId, points, what) {
      for (;;) {
        const lease = current(tokenId);
        if (lease.take(points)) return lease.standing();
        if (lease.exhausted) throw refusal(lease.standing(), points, what);
        // Another window may have begun meanwhile: then the next round has another lease.
        await lease.refill(points);
      }
    },
    standing: (tokenId) => current(tokenId).standing(),
    async close() {
      clearInterval(sweeping);
      await store.close();
    },
  };
}

/** Points of one token in one window that this process took from the store and has not spent. */
class Lease {
  /** The store has no more for this window. */
  exhausted = false;
  /** Points that nobody had taken when the store was last asked. */
  #elsewhere: number;
  #held = 0;
  #ends: number | undefined;
  #refilling: Promise<void> | undefined;

  constructor(
    private readonly store: RateLimiterAbstract,
    private readonly key: string,
    private readonly policy: Policy,
  ) {
    this.#elsewhere = policy.points;
  }

  get ended(): boolean {
    return this.#ends !== undefined && performance.now() >= this.#ends;
  }

  take(points: number): boolean {
    if (this.#held < points) return false;
    this.#held -= points;
    return true;
  }

  /** Takes from the store what `points` lack and some more, once for all who wait. */
  refill(points: number): Promise<void> {
    return (this.#refilling ??= askedByNobody(() => this.#refill(points)).finally(() => (this.#refilling = undefined)));
  }

  standing(): Standing {
    const { points: limit, duration: window } = this.policy;
    const left = this.#ends === undefined ? window : (this.#ends - performance.now()) / 1000;
    return {
      limit,
      window,
      remaining: this.#held + this.#elsewhere,
      resetSeconds: Math.min(Math.max(Math.ceil(left), 1), window),
    };
  }

  async #refill(points: number): Promise<void> {
    const { points: limit } = this.policy;
    const asked = Math.max(points - this.#held, Math.min(Math.ceil(limit * LEASE.share), LEASE.most));
    // Counts without refusing: what lies beyond the quota is not granted, and the next window counts anew.
    const { consumedPoints, msBeforeNext } = await this.store.penalty(this.key, asked);
    const before = consumedPoints - asked;
    const granted = Math.min(Math.max(limit - before, 0), asked);
    this.#ends ??= performance.now() + msBeforeNext;
    this.#held += granted;
    this.#elsewhere = Math.max(limit - consumedPoints, 0);
    this.exhausted = granted < asked;
  }
}

function refusal(standing: Standing, points: number, what: string): UserError {
  const { limit, window, remaining, resetSeconds } = standing;
  const hope =
    points > limit
      ? 'It will never fit: ask for less at a time.'
      : `The quota is whole again in ${resetSeconds} s${remaining > 0 ? '; what costs less may go now' : ''}.`;
  return new UserError(
    'RATE_LIMITED',
    `A token may spend ${limit} points in ${window} s; this one has ${remaining} left, and ${what} costs ${points}. ${hope}`,
    { details: { limit, window, remaining, cost: points, retryAfter: resetSeconds } },
  );
}

interface Policy {
  /** Points of a window. */
  points: number;
  /** Seconds of a window. */
  duration: number;
}

interface Store {
  counter: RateLimiterAbstract;
  close(): Promise<void>;
}

// The libraries are loaded where a server counts: most commands have no quota.

async function postgresStore(dataSource: DataSource, policy: Policy): Promise<Store> {
  const { RateLimiterPostgres } = await import('rate-limiter-flexible');
  return {
    counter: new RateLimiterPostgres({
      storeClient: (dataSource.driver as PostgresDriver).master as Pool,
      storeType: 'pool',
      tableName: 'rate_limit',
      tableCreated: true,
      // One row per token, used again in each window.
      clearExpiredByTimeout: false,
      keyPrefix: '',
      ...(await insured(policy)),
    }),
    close: async () => undefined,
  };
}

async function redisStore(url: string, dataSource: DataSource, policy: Policy, logger: Logger): Promise<Store> {
  const [{ Redis }, { RateLimiterRedis }] = await Promise.all([import('ioredis'), import('rate-limiter-flexible')]);
  const installation = await installationId((text, values) => dataSource.query(text, values));
  const client = new Redis(url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', (err) => logger.debug({ err }, 'the Redis of the quotas reports an error'));
  await client.connect().catch(() => undefined);
  return {
    counter: new RateLimiterRedis({
      storeClient: client,
      keyPrefix: `${PREFIX}:${installation}`,
      ...(await insured(policy)),
    }),
    close: async () => client.disconnect(),
  };
}

/** Beside each store, one in memory that stands in for it while it does not answer. */
async function insured(policy: Policy) {
  const { RateLimiterMemory } = await import('rate-limiter-flexible');
  return { ...policy, insuranceLimiter: new RateLimiterMemory(policy) };
}
