import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Participants who withdrew: the certificate of each erasure, and the keys without which the audit names nobody. */
export class CreateErasure1760000005200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE erasure (id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(), token_id integer, tombstone text NOT NULL, removed jsonb NOT NULL, rewritten jsonb NOT NULL, expired_exports integer NOT NULL, restarted_exports integer NOT NULL, bytes bigint NOT NULL, files text array NOT NULL, CONSTRAINT "UQ_75399d257673f372d736ce27f10" UNIQUE (tombstone), CONSTRAINT "PK_9319154af7dd3e180c732f147ec" PRIMARY KEY (id))`,
    );
    await runner.query(
      `CREATE TABLE audit_key (participant_id integer NOT NULL, key text NOT NULL, CONSTRAINT "PK_3934fba22c59e1db6ff1fa1bf0e" PRIMARY KEY (participant_id))`,
    );
    await runner.query(
      `ALTER TABLE audit_key ADD CONSTRAINT "FK_3934fba22c59e1db6ff1fa1bf0e" FOREIGN KEY (participant_id) REFERENCES participant(id) ON DELETE CASCADE`,
    );
    await runner.query(`ALTER TABLE imported_file ADD withdrawn integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE imported_file DROP COLUMN withdrawn');
    await runner.query('DROP TABLE audit_key');
    await runner.query('DROP TABLE erasure');
  }
}
