import type { MigrationInterface, QueryRunner } from 'typeorm';

const EVENTS = [
  ['INSERT', 'NEW'],
  ['UPDATE', 'NEW'],
  ['DELETE', 'OLD'],
] as const;

/** What became of participants and of their knees and hips. Why: docs/decisions/0053-outcomes-and-time.md. */
export class KeepOutcomes1760000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE participant
        ADD COLUMN last_contact text,
        ADD COLUMN death_date date,
        ADD COLUMN death_confirmation text,
        ADD COLUMN death_after text`);
    await runner.query(`
      CREATE TABLE joint_outcome (
        id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
        participant_id integer NOT NULL,
        joint text NOT NULL,
        side text NOT NULL,
        replaced_before boolean,
        date date,
        date_documented boolean,
        days smallint,
        confirmation text,
        type text,
        visit_before text,
        visit_after text,
        origins jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT joint_outcome_of_joint UNIQUE (participant_id, joint, side),
        CONSTRAINT "PK_cf98ee757ce0cc52e198c1970a5" PRIMARY KEY (id),
        CONSTRAINT "FK_5e7864bde87abec4bf618a4c647" FOREIGN KEY (participant_id) REFERENCES participant(id) ON DELETE CASCADE
      )`);
    for (const [event, rows] of EVENTS) {
      await runner.query(
        `CREATE TRIGGER count_${event.toLowerCase()} AFTER ${event} ON joint_outcome REFERENCING ${rows} TABLE AS changed
         FOR EACH STATEMENT EXECUTE FUNCTION count_imported_change()`,
      );
    }
    await runner.query(
      `CREATE TRIGGER count_truncate AFTER TRUNCATE ON joint_outcome FOR EACH STATEMENT EXECUTE FUNCTION count_imported_change()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE joint_outcome');
    await runner.query(`
      ALTER TABLE participant
        DROP COLUMN last_contact,
        DROP COLUMN death_date,
        DROP COLUMN death_confirmation,
        DROP COLUMN death_after`);
  }
}
