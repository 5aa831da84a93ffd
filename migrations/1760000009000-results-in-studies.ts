import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was made from an image goes into the study of that image. Why it is decided once: docs/decisions/0082-into-the-films-study.md. */
export class ResultsInStudies1760000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE dicom_series ADD revision integer NOT NULL DEFAULT 0, ADD made_from jsonb, ADD study_elements jsonb, ADD former_uids text array NOT NULL DEFAULT '{}'`,
    );
    await runner.query(
      'ALTER TABLE dicom_series ADD reading_id uuid, ADD CONSTRAINT "FK_dicom_series_reading" FOREIGN KEY (reading_id) REFERENCES radiograph_reading(id) ON DELETE CASCADE',
    );
    await runner.query(
      'ALTER TABLE dicom_series DROP CONSTRAINT dicom_series_owner, ADD CONSTRAINT dicom_series_owner CHECK (num_nonnulls(original_id, generation_id, reading_id) = 1)',
    );
    await runner.query('CREATE UNIQUE INDEX dicom_series_reading ON dicom_series (reading_id)');
    await runner.query(
      `CREATE FUNCTION list_reading() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (reading_id) VALUES (NEW.id);
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER list_reading AFTER INSERT ON radiograph_reading FOR EACH ROW
       WHEN (NEW.probabilities IS NOT NULL) EXECUTE FUNCTION list_reading()`,
    );
    await runner.query('CREATE INDEX dicom_series_former ON dicom_series USING gin (former_uids)');
    await runner.query(
      `CREATE OR REPLACE FUNCTION list_original() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (original_id) VALUES (NEW.id)
         ON CONFLICT (original_id) DO UPDATE SET state = 'PENDING', revision = dicom_series.revision + 1;
         -- What was made of the image before, and had no study to go into.
         UPDATE dicom_series d SET study_elements = NULL, state = 'PENDING', revision = d.revision + 1
         WHERE d.id IN (
           SELECT r.id FROM generation g JOIN dicom_series r ON r.generation_id = g.id WHERE g.radiograph_id = NEW.radiograph_id
           UNION ALL SELECT r.id FROM generation g JOIN dicom_series r ON r.generation_id = g.id WHERE g.upload_id = NEW.upload_id
           UNION ALL SELECT r.id FROM generation g JOIN dicom_series r ON r.generation_id = g.id WHERE g.source_series_id = NEW.series_id
           UNION ALL SELECT r.id FROM radiograph_reading k JOIN dicom_series r ON r.reading_id = k.id WHERE k.radiograph_id = NEW.radiograph_id
           UNION ALL SELECT r.id FROM radiograph_reading k JOIN dicom_series r ON r.reading_id = k.id WHERE k.upload_id = NEW.upload_id
         ) AND d.made_from IS NULL AND NOT EXISTS (SELECT FROM dicom_sending s WHERE s.series_id = d.id);
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      'CREATE INDEX generation_of_radiograph ON generation (radiograph_id) WHERE radiograph_id IS NOT NULL',
    );
    await runner.query(
      `CREATE TABLE former_result (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, participant_id integer NOT NULL, uids text array NOT NULL, CONSTRAINT "PK_former_result" PRIMARY KEY (id),
         CONSTRAINT "FK_former_result_participant" FOREIGN KEY (participant_id) REFERENCES participant(id) ON DELETE CASCADE)`,
    );
    await runner.query('CREATE INDEX former_result_participant ON former_result (participant_id)');
    await runner.query('CREATE INDEX former_result_uids ON former_result USING gin (uids)');
    await runner.query(
      `CREATE FUNCTION remember_result() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO former_result (participant_id, uids)
         SELECT e.participant_id, array_remove(d.former_uids || ARRAY[d.study_uid, d.series_uid], NULL)
         FROM dicom_series d JOIN knee_exam e ON e.id = OLD.exam_id WHERE (d.generation_id = OLD.id OR d.reading_id = OLD.id) AND d.series_uid IS NOT NULL;
         RETURN OLD;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER remember_result BEFORE DELETE ON generation FOR EACH ROW
       WHEN (OLD.state = 'SUCCEEDED' AND OLD.exam_id IS NOT NULL) EXECUTE FUNCTION remember_result()`,
    );
    await runner.query(
      `CREATE TRIGGER remember_result BEFORE DELETE ON radiograph_reading FOR EACH ROW
       WHEN (OLD.exam_id IS NOT NULL) EXECUTE FUNCTION remember_result()`,
    );
    // What was made before goes into its study too, where there is one, and is known under both; the rest stays where it is.
    await runner.query(
      `UPDATE dicom_series d SET state = 'PENDING', former_uids = array_remove(ARRAY[d.study_uid, d.series_uid], NULL) FROM generation g
       WHERE g.id = d.generation_id AND EXISTS (
         SELECT FROM original_object o WHERE o.radiograph_id = g.radiograph_id OR o.upload_id = g.upload_id OR o.series_id = g.source_series_id)`,
    );
    await runner.query(
      `UPDATE dicom_series SET study_elements = '[]' WHERE generation_id IS NOT NULL AND state = 'LISTED'`,
    );
    // One that was sent in part is sent as a whole, so that no volume is of two studies.
    await runner.query('ALTER TABLE dicom_sending ADD revision integer');
    await runner.query(
      'INSERT INTO dicom_series (reading_id) SELECT id FROM radiograph_reading WHERE probabilities IS NOT NULL ORDER BY created_at',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER remember_result ON radiograph_reading');
    await runner.query('DROP TRIGGER list_reading ON radiograph_reading');
    await runner.query('DROP FUNCTION list_reading');
    await runner.query('DELETE FROM dicom_series WHERE reading_id IS NOT NULL');
    await runner.query('DROP TRIGGER remember_result ON generation');
    await runner.query('DROP FUNCTION remember_result');
    await runner.query('DROP TABLE former_result');
    await runner.query('DROP INDEX generation_of_radiograph');
    await runner.query('ALTER TABLE dicom_sending DROP COLUMN revision');
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
      'ALTER TABLE dicom_series DROP COLUMN reading_id, DROP COLUMN revision, DROP COLUMN made_from, DROP COLUMN study_elements, DROP COLUMN former_uids, DROP CONSTRAINT IF EXISTS dicom_series_owner, ADD CONSTRAINT dicom_series_owner CHECK (num_nonnulls(original_id, generation_id) = 1)',
    );
  }
}
