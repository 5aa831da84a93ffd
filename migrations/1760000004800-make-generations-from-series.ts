import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Generations that are made from an MRI series of an exam, not from its film. */
export class MakeGenerationsFromSeries1760000004800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN source_series_id integer`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_4b155a6e5ac0157c9ff0b3a9a34" FOREIGN KEY (source_series_id) REFERENCES mri_series(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `CREATE INDEX generation_of_series ON generation(source_series_id) WHERE (source_series_id IS NOT NULL)`,
    );
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_made_from`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_made_from CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL AND source_series_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NULL OR source_series_id IS NULL) AND (upload_id IS NOT NULL OR side IS NULL))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // What is made from a series has no place in the schema of before.
    await runner.query(`DELETE FROM generation WHERE source_series_id IS NOT NULL`);
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_made_from`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_made_from CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NOT NULL OR side IS NULL))`,
    );
    await runner.query(`ALTER TABLE generation DROP COLUMN source_series_id`);
  }
}
