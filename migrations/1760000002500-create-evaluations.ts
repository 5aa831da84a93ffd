import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Evaluations: what was compared on which exams, the score of each volume, the log, the files of the report. */
export class CreateEvaluations1760000002500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE evaluation (id uuid NOT NULL, name text NOT NULL, state text NOT NULL, key text NOT NULL, comparison_key text NOT NULL, arms jsonb NOT NULL, settings jsonb NOT NULL, filter json, cohorts jsonb NOT NULL DEFAULT '[]', exam_count integer NOT NULL, participant_count integer NOT NULL, phantom_count integer NOT NULL, without_mri integer NOT NULL, without_radiograph integer NOT NULL, attempt smallint NOT NULL DEFAULT '0', last_seq integer NOT NULL DEFAULT '0', error text, results json, report json, requested_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz, CONSTRAINT "UQ_2068d4d3c65122c8c813b5fb508" UNIQUE (key), CONSTRAINT "PK_b72edd439b9db736f55b584fa54" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_0e667f6bb43b4a63ce2293492e" ON evaluation(comparison_key)`);
    await runner.query(`CREATE INDEX "IDX_6304e7b39c6b71541fcffbdf15" ON evaluation(requested_by_id)`);
    await runner.query(`CREATE INDEX "IDX_d1228d9f9c5d7f93f504e6acf9" ON evaluation(state, created_at)`);
    await runner.query(
      `CREATE TABLE evaluation_event (evaluation_id uuid NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_af4e16d4b2f9352107c17534b6c" PRIMARY KEY (evaluation_id, seq))`,
    );
    await runner.query(
      `CREATE TABLE evaluation_exam (evaluation_id uuid NOT NULL, exam_id integer NOT NULL, participant_id integer NOT NULL, label text NOT NULL, kl smallint, side text NOT NULL, sex text, phantom boolean NOT NULL, series_id integer NOT NULL, series_correlation double precision, CONSTRAINT "PK_ab3c569b6a9f691490368b47ffc" PRIMARY KEY (evaluation_id, exam_id))`,
    );
    await runner.query(
      `CREATE TABLE evaluation_file (evaluation_id uuid NOT NULL, name text NOT NULL, asset_id integer NOT NULL, CONSTRAINT "PK_2c03f6f314f47294d9c762e0a41" PRIMARY KEY (evaluation_id, name))`,
    );
    await runner.query(
      `CREATE TABLE evaluation_score (evaluation_id uuid NOT NULL, arm smallint NOT NULL, exam_id integer NOT NULL, generation_id uuid, reused boolean NOT NULL DEFAULT false, state text NOT NULL DEFAULT 'QUEUED', psnr double precision, ssim double precision, rssim double precision, adjacent_correlation double precision, error text, CONSTRAINT "PK_829400d0e49a401dd825d983b60" PRIMARY KEY (evaluation_id, arm, exam_id))`,
    );
    await runner.query(`CREATE INDEX "IDX_1c1e32b10148e6cae44216b86a" ON evaluation_score(generation_id)`);
    await runner.query(
      `ALTER TABLE evaluation ADD CONSTRAINT "FK_6304e7b39c6b71541fcffbdf15d" FOREIGN KEY (requested_by_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE evaluation_event ADD CONSTRAINT "FK_f960a8fff7a601181bb9f74cf79" FOREIGN KEY (evaluation_id) REFERENCES evaluation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_exam ADD CONSTRAINT "FK_91060ee942b7088a2890498653e" FOREIGN KEY (evaluation_id) REFERENCES evaluation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_exam ADD CONSTRAINT "FK_2efdf842839619fbc209ffe1de2" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_exam ADD CONSTRAINT "FK_24cbb737708f748c52594765fa2" FOREIGN KEY (series_id) REFERENCES mri_series(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_file ADD CONSTRAINT "FK_c7a47c6fbd7b10e9322ba556913" FOREIGN KEY (evaluation_id) REFERENCES evaluation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_file ADD CONSTRAINT "FK_c2d4dd86c56534465ec2ebfc3eb" FOREIGN KEY (asset_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE evaluation_score ADD CONSTRAINT "FK_bbce4da65e68ea9197c1743b9b8" FOREIGN KEY (evaluation_id) REFERENCES evaluation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE evaluation_score ADD CONSTRAINT "FK_1c1e32b10148e6cae44216b86a1" FOREIGN KEY (generation_id) REFERENCES generation(id) ON DELETE SET NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE evaluation_event');
    await runner.query('DROP TABLE evaluation_file');
    await runner.query('DROP TABLE evaluation_score');
    await runner.query('DROP TABLE evaluation_exam');
    await runner.query('DROP TABLE evaluation');
  }
}
