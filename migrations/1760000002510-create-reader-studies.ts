import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reader studies with their pairs, sessions and answers; differences of two generated volumes. */
export class CreateReaderStudies1760000002510 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE generation_difference (first_id uuid NOT NULL, second_id uuid NOT NULL, summary jsonb NOT NULL, volume_id integer NOT NULL, picture_id integer NOT NULL, CONSTRAINT "PK_3ed074cafe797324306f78230da" PRIMARY KEY (first_id, second_id))`,
    );
    await runner.query(
      `CREATE TABLE reader_study (id uuid NOT NULL, name text NOT NULL, state text NOT NULL, unit text NOT NULL, evaluation_id uuid NOT NULL, seed integer NOT NULL, pair_count smallint NOT NULL, attempt smallint NOT NULL DEFAULT '0', error text, created_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), heartbeat_at timestamptz, CONSTRAINT "PK_66d10cade2e100a6db41ce224c8" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_81856ee0339b02c6c52342a7df" ON reader_study(evaluation_id)`);
    await runner.query(`CREATE INDEX "IDX_e8aa25dd069b3c63fceeb6fc7f" ON reader_study(state, created_at)`);
    await runner.query(
      `CREATE TABLE reader_session (id uuid NOT NULL, study_id uuid NOT NULL, reader_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz, CONSTRAINT "UQ_b661bab6a21c5d0c9764217c711" UNIQUE (study_id, reader_id), CONSTRAINT "PK_a5ee61189bb0696cbbf4d3fb59f" PRIMARY KEY (id))`,
    );
    await runner.query(
      `CREATE TABLE reader_study_pair (study_id uuid NOT NULL, place smallint NOT NULL, arm smallint NOT NULL, exam_id integer NOT NULL, generation_id uuid NOT NULL, series_id integer NOT NULL, slice smallint, kl smallint, side text NOT NULL, real_asset_id integer, generated_asset_id integer, CONSTRAINT "PK_1a2cbc0e3410ea3289a88fc88a5" PRIMARY KEY (study_id, place))`,
    );
    await runner.query(
      `CREATE TABLE reader_trial (session_id uuid NOT NULL, index smallint NOT NULL, pair smallint NOT NULL, real_side text NOT NULL, choice text, answered_at timestamptz, CONSTRAINT "PK_b77d067a37585f33db6015b325d" PRIMARY KEY (session_id, index))`,
    );
    await runner.query(
      `ALTER TABLE generation_difference ADD CONSTRAINT "FK_a11ffd57118ce95eb317f4bc907" FOREIGN KEY (first_id) REFERENCES generation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE generation_difference ADD CONSTRAINT "FK_f7b6f442816686281854f338de1" FOREIGN KEY (second_id) REFERENCES generation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE generation_difference ADD CONSTRAINT "FK_3582334cc117b952546eadb63aa" FOREIGN KEY (volume_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE generation_difference ADD CONSTRAINT "FK_bbde61232d3e0434e187442be8f" FOREIGN KEY (picture_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_study ADD CONSTRAINT "FK_81856ee0339b02c6c52342a7df1" FOREIGN KEY (evaluation_id) REFERENCES evaluation(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_study ADD CONSTRAINT "FK_9bc67b6b63de141e1f6e57ffa77" FOREIGN KEY (created_by_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_session ADD CONSTRAINT "FK_e9dcb48f3184eb334017e29f0e9" FOREIGN KEY (study_id) REFERENCES reader_study(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE reader_session ADD CONSTRAINT "FK_63ea0b9cab4de8b8b2eaf5f9881" FOREIGN KEY (reader_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_study_pair ADD CONSTRAINT "FK_d11a4968e0830728bc286fe605b" FOREIGN KEY (study_id) REFERENCES reader_study(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE reader_study_pair ADD CONSTRAINT "FK_6b64c062b46ce27f81796bb8fcd" FOREIGN KEY (generation_id) REFERENCES generation(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_study_pair ADD CONSTRAINT "FK_94632c8511ea799065096dc4fb5" FOREIGN KEY (real_asset_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_study_pair ADD CONSTRAINT "FK_03e0f1f349eb07831f5093c3e4a" FOREIGN KEY (generated_asset_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE reader_trial ADD CONSTRAINT "FK_7901975729965417cbafdcd23a9" FOREIGN KEY (session_id) REFERENCES reader_session(id) ON DELETE CASCADE`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE reader_trial');
    await runner.query('DROP TABLE reader_session');
    await runner.query('DROP TABLE reader_study_pair');
    await runner.query('DROP TABLE reader_study');
    await runner.query('DROP TABLE generation_difference');
  }
}
