import type { MigrationInterface, QueryRunner } from 'typeorm';

const ALONE = `WHERE (state = 'QUEUED'::text AND batch_id IS NULL)`;

/** Generations that no batch and no person waits for, such as an evaluation's, let others go first. */
export class AddGenerationPriority1760000002620 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE generation ADD priority smallint NOT NULL DEFAULT 11');
    await runner.query('DROP INDEX generation_waiting_alone');
    await runner.query(
      `CREATE INDEX generation_waiting_alone ON generation(coalesce(requested_by_id, 0), priority DESC, created_at) ${ALONE}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX generation_waiting_alone');
    await runner.query(
      `CREATE INDEX generation_waiting_alone ON generation(coalesce(requested_by_id, 0), created_at) ${ALONE}`,
    );
    await runner.query('ALTER TABLE generation DROP COLUMN priority');
  }
}
