import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which DICOM object a film of the release is; unknown of films that were imported before. */
export class AddFilmUids1760000002720 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE radiograph ADD COLUMN sop_class_uid text, ADD COLUMN sop_instance_uid text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE radiograph DROP COLUMN sop_class_uid, DROP COLUMN sop_instance_uid`);
  }
}
