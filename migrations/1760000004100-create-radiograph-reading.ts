import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What networks read off films, apart from readings of people. */
export class CreateRadiographReading1760000004100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE radiograph_reading (id uuid NOT NULL, exam_id integer, radiograph_id integer, upload_id uuid, side text NOT NULL, bundle_id integer NOT NULL, film_sha256 text NOT NULL, box jsonb NOT NULL, box_given boolean NOT NULL, unreadable text, probabilities real array, expected_kl real, distance real, medial jsonb, "lateral" jsonb, duration_ms integer NOT NULL, requested_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT radiograph_reading_of CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL)), CONSTRAINT radiograph_reading_says_why CHECK ((unreadable IS NULL) = (probabilities IS NOT NULL)), CONSTRAINT "PK_64f98dd0eacee6751e56305c3c0" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX radiograph_reading_of_exam ON radiograph_reading(exam_id)`);
    await runner.query(`CREATE INDEX radiograph_reading_of_radiograph ON radiograph_reading(radiograph_id)`);
    await runner.query(`CREATE INDEX radiograph_reading_of_upload ON radiograph_reading(upload_id)`);
    await runner.query(
      `ALTER TABLE radiograph_reading ADD CONSTRAINT "FK_3e0c0bd9904b0be8a61f46632c5" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE radiograph_reading ADD CONSTRAINT "FK_e4be7b2cb0b4c6f6cec068da55a" FOREIGN KEY (radiograph_id) REFERENCES radiograph(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE radiograph_reading ADD CONSTRAINT "FK_07c586b5445c654e746c13c22ea" FOREIGN KEY (upload_id) REFERENCES uploaded_radiograph(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE radiograph_reading ADD CONSTRAINT "FK_8aeb9143d427c7c597843abd3b5" FOREIGN KEY (bundle_id) REFERENCES bundle(id)`,
    );
    await runner.query(
      `ALTER TABLE radiograph_reading ADD CONSTRAINT "FK_2466fe0503b824b900fb2340eb4" FOREIGN KEY (requested_by_id) REFERENCES api_token(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE radiograph_reading');
  }
}
