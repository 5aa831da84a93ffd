import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Scores that a person has at a visit, and what happened to a knee before the study. */
export class AddQuestionnaires1760000003600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE visit
        ADD COLUMN koos_quality_of_life real,
        ADD COLUMN koos_sport real,
        ADD COLUMN pase real,
        ADD COLUMN cesd real`);
    await runner.query(`ALTER TABLE knee_exam ADD COLUMN injury_ever boolean, ADD COLUMN surgery_ever boolean`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE knee_exam DROP COLUMN injury_ever, DROP COLUMN surgery_ever`);
    await runner.query(`
      ALTER TABLE visit
        DROP COLUMN koos_quality_of_life,
        DROP COLUMN koos_sport,
        DROP COLUMN pase,
        DROP COLUMN cesd`);
  }
}
