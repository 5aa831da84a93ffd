import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a token's generation was last started: users whose turn it is equally go by it. */
export class IndexGenerationStarts1760000002010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX generation_by_start ON generation(coalesce(requested_by_id, 0), started_at) WHERE (started_at IS NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX generation_by_start');
  }
}
