import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The registry of workers: who they are, where, and what they do. */
export class CreateWorker1760000002100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE worker (id uuid NOT NULL, name text NOT NULL, host text NOT NULL, pid integer NOT NULL, version text NOT NULL, state text NOT NULL, slots jsonb NOT NULL, started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, CONSTRAINT "PK_dc8175fa0e34ce7a39e4ec73b94" PRIMARY KEY (id))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE worker');
  }
}
