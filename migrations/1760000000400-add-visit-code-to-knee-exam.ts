import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Repeats the visit's code in its exams, so that one index finds a knee at a visit. Triggers keep the copy: neither import nor
 * tests have to know of it. Why: docs/decisions/0010-change-filters.md.
 */
export class AddVisitCodeToKneeExam1760000000400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE knee_exam ADD COLUMN visit_code text');
    await runner.query('UPDATE knee_exam SET visit_code = visit.code FROM visit WHERE visit.id = knee_exam.visit_id');
    await runner.query('ALTER TABLE knee_exam ALTER COLUMN visit_code SET NOT NULL');
    await runner.query(
      'ALTER TABLE knee_exam ADD CONSTRAINT knee_exam_at_visit UNIQUE (visit_code, participant_id, side)',
    );
    await runner.query(
      `CREATE FUNCTION knee_exam_copy_visit_code() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         SELECT code INTO NEW.visit_code FROM visit WHERE id = NEW.visit_id;
         RETURN NEW;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER copy_visit_code BEFORE INSERT OR UPDATE OF visit_id, visit_code ON knee_exam
       FOR EACH ROW EXECUTE FUNCTION knee_exam_copy_visit_code()`,
    );
    await runner.query(
      `CREATE FUNCTION visit_pass_on_code() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         UPDATE knee_exam SET visit_code = NEW.code WHERE visit_id = NEW.id;
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER pass_on_code AFTER UPDATE OF code ON visit
       FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION visit_pass_on_code()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER pass_on_code ON visit');
    await runner.query('DROP FUNCTION visit_pass_on_code');
    await runner.query('DROP TRIGGER copy_visit_code ON knee_exam');
    await runner.query('DROP FUNCTION knee_exam_copy_visit_code');
    await runner.query('ALTER TABLE knee_exam DROP COLUMN visit_code');
  }
}
