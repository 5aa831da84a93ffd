import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Only an import writes levels, and it knows all of a variable's; nobody looks one up by its text, and the index took a third of an import's time. */
export class DropTextIndexOfLevels1760000006500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE variable_level DROP CONSTRAINT "UQ_variable_level_text"');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE variable_level ADD CONSTRAINT "UQ_variable_level_text" UNIQUE (variable_id, text)');
  }
}
