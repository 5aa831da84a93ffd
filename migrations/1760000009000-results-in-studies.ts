import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was made from an image goes into the study of that image. Why it is decided once: docs/decisions/0082-into-the-films-study.md. */
export class ResultsInStudies1760000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE dicom_series ADD revision integer NOT NULL DEFAULT 0, ADD made_from jsonb, ADD study_elements jsonb, ADD former_uids text array NOT NULL DEFAULT '{}'`,
    );
    await runner.query('CREATE INDEX dicom_series_former ON dicom_series USING gin (former_uids)');
    await runner.query(
      `CREATE OR REPLACE FUNCTION list_original() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (original_id) VALUES (NEW.id)
         ON CONFLICT (original_id) DO UPDATE SET state = 'PENDING', revision = dicom_series.revision + 1;
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      `CREATE TABLE former_result (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, exam_id integer NOT NULL, uids text array NOT NULL, CONSTRAINT "PK_former_result" PRIMARY KEY (id),
         CONSTRAINT "FK_former_result_exam" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE)`,
    );
    await runner.query('CREATE INDEX former_result_exam ON former_result (exam_id)');
    await runner.query('CREATE INDEX former_result_uids ON former_result USING gin (uids)');
    await runner.query(
      `CREATE FUNCTION remember_result() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO former_result (exam_id, uids)
         SELECT e.id, array_remove(d.former_uids || ARRAY[d.study_uid, d.series_uid], NULL)
         FROM dicom_series d JOIN knee_exam e ON e.id = OLD.exam_id WHERE d.generation_id = OLD.id AND d.series_uid IS NOT NULL;
         RETURN OLD;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER remember_result BEFORE DELETE ON generation FOR EACH ROW
       WHEN (OLD.state = 'SUCCEEDED' AND OLD.exam_id IS NOT NULL) EXECUTE FUNCTION remember_result()`,
    );
    // What was made before goes into its study too, is known under both, and is sent as a whole or stays as it was sent.
    await runner.query(
      `UPDATE dicom_series SET state = 'PENDING', former_uids = array_remove(ARRAY[study_uid, series_uid], NULL) WHERE generation_id IS NOT NULL`,
    );
    await runner.query(
      `UPDATE dicom_sending s SET sent = 0, warned = 0 FROM dicom_series d
       WHERE d.id = s.series_id AND d.generation_id IS NOT NULL AND s.state <> 'SUCCEEDED'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER remember_result ON generation');
    await runner.query('DROP FUNCTION remember_result');
    await runner.query('DROP TABLE former_result');
    await runner.query(
      `CREATE OR REPLACE FUNCTION list_original() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (original_id) VALUES (NEW.id)
         ON CONFLICT (original_id) DO UPDATE SET state = 'PENDING';
         RETURN NULL;
       END $$`,
    );
    await runner.query(`UPDATE dicom_series SET state = 'PENDING' WHERE generation_id IS NOT NULL`);
    await runner.query(
      `UPDATE dicom_sending s SET sent = 0, warned = 0 FROM dicom_series d
       WHERE d.id = s.series_id AND d.generation_id IS NOT NULL AND s.state <> 'SUCCEEDED'`,
    );
    await runner.query(
      'ALTER TABLE dicom_series DROP COLUMN revision, DROP COLUMN made_from, DROP COLUMN study_elements, DROP COLUMN former_uids',
    );
  }
}
