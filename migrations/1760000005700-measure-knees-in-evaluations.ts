import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Figures that tell a knee from nothing, in evaluations: of each volume, of each own series, and of the volumes that say nothing. */
export class MeasureKneesInEvaluations1760000005700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE evaluation_score ADD figures jsonb');
    await runner.query('ALTER TABLE evaluation_exam ADD joint_space jsonb');
    await runner.query('ALTER TABLE evaluation_exam ADD reference_figures jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE evaluation_exam DROP COLUMN reference_figures');
    await runner.query('ALTER TABLE evaluation_exam DROP COLUMN joint_space');
    await runner.query('ALTER TABLE evaluation_score DROP COLUMN figures');
  }
}
