import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Cohorts with their versions, and the exams frozen into versions of static ones. */
export class CreateCohorts1760000000500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE cohort (id uuid NOT NULL, owner_id integer, kind text NOT NULL, visibility text NOT NULL, version integer NOT NULL, name text NOT NULL, description text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_4fb3cca38dc4b461110344e5f9b" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_4a3df452331854caf33629631c" ON cohort(owner_id)`);
    await runner.query(
      `CREATE TABLE cohort_version (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, cohort_id uuid NOT NULL, version integer NOT NULL, name text NOT NULL, description text NOT NULL, note text, filter json, origin jsonb NOT NULL, members_of_id integer, exam_count integer, participant_count integer, attrition json, created_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "UQ_b3bb8b6c992948fafae80bd3b84" UNIQUE (cohort_id, version), CONSTRAINT "PK_c412ec213d2ef1bc2e717d355d0" PRIMARY KEY (id))`,
    );
    await runner.query(
      `CREATE TABLE cohort_member (version_id integer NOT NULL, exam_id integer NOT NULL, CONSTRAINT "PK_90d6f2d93221aaa1e12bfe50dc0" PRIMARY KEY (version_id, exam_id))`,
    );
    await runner.query(
      `ALTER TABLE cohort ADD CONSTRAINT "FK_4a3df452331854caf33629631c7" FOREIGN KEY (owner_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE cohort_version ADD CONSTRAINT "FK_e37bb322308d1c128550ff71747" FOREIGN KEY (cohort_id) REFERENCES cohort(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE cohort_version ADD CONSTRAINT "FK_c556e3468567c8357ad0fe06958" FOREIGN KEY (created_by_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE cohort_member ADD CONSTRAINT "FK_196c0a03699b7ad410628b8ab1e" FOREIGN KEY (version_id) REFERENCES cohort_version(id) ON DELETE CASCADE`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cohort_member, cohort_version, cohort');
  }
}
