import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What DICOMweb lists. Why it is filled later: docs/decisions/0062-dicomweb.md. */
export class ListDicomSeries1760000005900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE dicom_series (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, original_id integer, generation_id uuid, state text NOT NULL DEFAULT 'PENDING', study_uid text, series_uid text, study_date text, patient_id text, modality text, attributes jsonb, instance_uids text array NOT NULL DEFAULT '{}', instance_numbers integer array NOT NULL DEFAULT '{}', instance_count integer NOT NULL DEFAULT 0,
         CONSTRAINT dicom_series_owner CHECK (num_nonnulls(original_id, generation_id) = 1),
         CONSTRAINT dicom_series_state CHECK (state IN ('PENDING', 'LISTED', 'UNLISTED')),
         CONSTRAINT dicom_series_listed CHECK (state <> 'LISTED' OR num_nulls(study_uid, series_uid, attributes) = 0),
         CONSTRAINT "PK_dicom_series" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE UNIQUE INDEX dicom_series_original ON dicom_series (original_id)');
    await runner.query('CREATE UNIQUE INDEX dicom_series_generation ON dicom_series (generation_id)');
    await runner.query('CREATE INDEX dicom_series_uids ON dicom_series (study_uid, series_uid)');
    await runner.query('CREATE INDEX dicom_series_series ON dicom_series (series_uid)');
    await runner.query('CREATE INDEX dicom_series_patient ON dicom_series (patient_id)');
    await runner.query('CREATE INDEX dicom_series_date ON dicom_series (study_date)');
    await runner.query(`CREATE INDEX dicom_series_pending ON dicom_series (id) WHERE state = 'PENDING'`);
    for (const [column, name, table] of [
      ['original_id', 'FK_8b5f3bb07225ed22eb7b99905ee', 'original_object'],
      ['generation_id', 'FK_f4620b9d2253a9106960a82ea7c', 'generation'],
    ]) {
      await runner.query(
        `ALTER TABLE dicom_series ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${table}(id) ON DELETE CASCADE`,
      );
    }
    await runner.query(
      `CREATE FUNCTION list_original() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (original_id) VALUES (NEW.id)
         ON CONFLICT (original_id) DO UPDATE SET state = 'PENDING';
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      'CREATE TRIGGER list_original AFTER INSERT OR UPDATE OF asset_id ON original_object FOR EACH ROW EXECUTE FUNCTION list_original()',
    );
    await runner.query(
      `CREATE FUNCTION list_generation() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         INSERT INTO dicom_series (generation_id) VALUES (NEW.id) ON CONFLICT (generation_id) DO NOTHING;
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER list_generation AFTER INSERT OR UPDATE OF state ON generation FOR EACH ROW
       WHEN (NEW.state = 'SUCCEEDED') EXECUTE FUNCTION list_generation()`,
    );
    await runner.query('INSERT INTO dicom_series (original_id) SELECT id FROM original_object ORDER BY id');
    await runner.query(
      `INSERT INTO dicom_series (generation_id) SELECT id FROM generation WHERE state = 'SUCCEEDED' ORDER BY created_at`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER list_generation ON generation');
    await runner.query('DROP FUNCTION list_generation');
    await runner.query('DROP TRIGGER list_original ON original_object');
    await runner.query('DROP FUNCTION list_original');
    await runner.query('DROP TABLE dicom_series');
  }
}
