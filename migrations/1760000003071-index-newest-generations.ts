import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list of generations starts with the newest: without an index in its order, a page of it reads and sorts the whole table. */
export class IndexNewestGenerations1760000003071 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX generation_by_age ON generation (created_at DESC NULLS LAST, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX generation_by_age');
  }
}
