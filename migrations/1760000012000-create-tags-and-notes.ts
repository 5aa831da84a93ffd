import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tags and notes of exams and generations. */
export class CreateTagsAndNotes1760000012000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE tag (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, exam_id integer, generation_id uuid, name text NOT NULL, created_by_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
         CONSTRAINT tag_subject CHECK (num_nonnulls(exam_id, generation_id) = 1),
         CONSTRAINT tag_of_exam UNIQUE (exam_id, name), CONSTRAINT tag_of_generation UNIQUE (generation_id, name), CONSTRAINT "PK_tag" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX tag_name ON tag (name)');
    await runner.query(
      `CREATE TABLE note (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, exam_id integer, generation_id uuid, text text NOT NULL, created_by_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
         CONSTRAINT note_subject CHECK (num_nonnulls(exam_id, generation_id) = 1),
         CONSTRAINT note_of_exam UNIQUE (exam_id, created_by_id), CONSTRAINT note_of_generation UNIQUE (generation_id, created_by_id), CONSTRAINT "PK_note" PRIMARY KEY (id))`,
    );
    for (const table of ['tag', 'note']) {
      for (const [column, name, target] of [
        ['exam_id', 'exam', 'knee_exam(id) ON DELETE CASCADE'],
        ['generation_id', 'generation', 'generation(id) ON DELETE CASCADE'],
        ['created_by_id', 'created_by', 'api_token(id)'],
      ]) {
        await runner.query(
          `ALTER TABLE ${table} ADD CONSTRAINT "FK_${table}_${name}" FOREIGN KEY (${column}) REFERENCES ${target}`,
        );
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE note');
    await runner.query('DROP TABLE tag');
  }
}
