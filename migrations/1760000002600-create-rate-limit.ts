import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What each token has spent in its present minute, in the shape that rate-limiter-flexible's PostgreSQL store wants. Unlogged: after
 * a crash of the database everybody starts with a full quota, and until then no spending waits for the disk.
 */
export class CreateRateLimit1760000002600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE UNLOGGED TABLE rate_limit (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rate_limit');
  }
}
