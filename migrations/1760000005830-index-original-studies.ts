import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every image that comes in is looked for by its study: daysBackFor. */
export class IndexOriginalStudies1760000005830 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX "IDX_original_object_study" ON original_object (study_uid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "IDX_original_object_study"');
  }
}
