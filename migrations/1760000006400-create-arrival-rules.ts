import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is made of films that arrive over the network. */
export class CreateArrivalRules1760000006400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE arrival_rule (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, modality text, cohort_id uuid, task text NOT NULL, bundle text, created_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_arrival_rule" PRIMARY KEY (id), CONSTRAINT arrival_rule_task CHECK (task IN ('xray-to-mri', 'image-restoration')))`,
    );
    await runner.query('CREATE INDEX arrival_rule_cohort ON arrival_rule (cohort_id)');
    await runner.query(
      `ALTER TABLE arrival_rule ADD CONSTRAINT "FK_arrival_rule_cohort" FOREIGN KEY (cohort_id) REFERENCES cohort(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE arrival_rule ADD CONSTRAINT "FK_arrival_rule_created_by" FOREIGN KEY (created_by_id) REFERENCES api_token(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE arrival_rule');
  }
}
