import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links the rows of the audit to a chain. Rows from before are sealed as they are now. */
export class SealAudit1760000006200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE audit_entry ADD salt uuid, ADD seq integer, ADD sealed_at timestamptz, ADD content_digest text, ADD digest text,
         ADD CONSTRAINT audit_entry_sealed CHECK (num_nulls(seq, sealed_at, content_digest, digest) IN (0, 4))`,
    );
    await runner.query('CREATE UNIQUE INDEX audit_entry_seq ON audit_entry (seq)');
    await runner.query('CREATE INDEX audit_entry_unsealed ON audit_entry (id) WHERE seq IS NULL');
    await runner.query('CREATE INDEX audit_entry_unsalted ON audit_entry (seq) WHERE salt IS NULL AND seq IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_entry DROP salt, DROP seq, DROP sealed_at, DROP content_digest, DROP digest');
  }
}
