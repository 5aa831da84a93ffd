import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people measure on images. */
export class CreateMeasurement1760000011000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE measurement (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, radiograph_id integer, series_id integer, generation_id uuid, upload_id uuid, exam_id integer,
         kind text NOT NULL, plane text, slice integer, points jsonb NOT NULL, value double precision NOT NULL, unit text NOT NULL, name text NOT NULL, note text NOT NULL DEFAULT '', image_sha256 text NOT NULL,
         requested_by_id integer NOT NULL, client_key text, request jsonb, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
         CONSTRAINT measurement_image CHECK (num_nonnulls(radiograph_id, series_id, generation_id) = 1 OR upload_id IS NOT NULL),
         CONSTRAINT measurement_slice CHECK ((plane IS NULL) = (series_id IS NULL) AND (plane IS NULL) = (slice IS NULL)),
         CONSTRAINT measurement_client_key UNIQUE (requested_by_id, client_key), CONSTRAINT "PK_measurement" PRIMARY KEY (id))`,
    );
    for (const [column, name, target] of [
      ['radiograph_id', 'radiograph', 'radiograph(id) ON DELETE CASCADE'],
      ['series_id', 'series', 'mri_series(id) ON DELETE CASCADE'],
      ['generation_id', 'generation', 'generation(id) ON DELETE CASCADE'],
      ['upload_id', 'upload', 'uploaded_radiograph(id) ON DELETE CASCADE'],
      ['exam_id', 'exam', 'knee_exam(id) ON DELETE CASCADE'],
    ]) {
      await runner.query(
        `ALTER TABLE measurement ADD CONSTRAINT "FK_measurement_${name}" FOREIGN KEY (${column}) REFERENCES ${target}`,
      );
      await runner.query(`CREATE INDEX measurement_${name} ON measurement (${column})`);
    }
    await runner.query(
      'ALTER TABLE measurement ADD CONSTRAINT "FK_measurement_requested_by" FOREIGN KEY (requested_by_id) REFERENCES api_token(id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE measurement');
  }
}
