import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Batches: a generation for every exam of a cohort, with the exams frozen and a log of its own. And keys of generations: what has
 * the same key need not be made again. Generations from before have none, because the film and the localiser they used are not
 * on record.
 */
export class CreateBatch1760000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE batch (id uuid NOT NULL, name text NOT NULL, state text NOT NULL, message text, cancel_requested boolean NOT NULL DEFAULT false, priority smallint NOT NULL, filter json NOT NULL, cohorts jsonb NOT NULL DEFAULT '[]', bundle_id integer NOT NULL, slice_count smallint NOT NULL, steps smallint NOT NULL, sampler text NOT NULL, eta real NOT NULL, noise text NOT NULL, seed_rule text NOT NULL, seed integer NOT NULL, feature_overrides jsonb NOT NULL DEFAULT '{}', skip_existing boolean NOT NULL, waiting integer NOT NULL DEFAULT '0', running integer NOT NULL DEFAULT '0', succeeded integer NOT NULL DEFAULT '0', reused integer NOT NULL DEFAULT '0', failed integer NOT NULL DEFAULT '0', canceled integer NOT NULL DEFAULT '0', impossible integer NOT NULL DEFAULT '0', last_seq integer NOT NULL DEFAULT '0', client_key text, requested_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, running_since timestamptz, finished_at timestamptz, CONSTRAINT "UQ_1c8a2969b766d2db554fd15f927" UNIQUE (requested_by_id, client_key), CONSTRAINT "PK_57da3b830b57bec1fd329dcaf43" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_6c860269cd6844a921d76f441e" ON batch(state, created_at)`);
    await runner.query(
      `CREATE TABLE batch_event (batch_id uuid NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_43a1080486a8a997e8d8680fd32" PRIMARY KEY (batch_id, seq))`,
    );
    await runner.query(
      `CREATE TABLE batch_member (batch_id uuid NOT NULL, position integer NOT NULL, exam_id integer NOT NULL, generation_id uuid, reused boolean NOT NULL DEFAULT false, reason text, CONSTRAINT "PK_97839d2cbdf08b6e16223c19d91" PRIMARY KEY (batch_id, position))`,
    );
    await runner.query(`CREATE INDEX "IDX_7d393fe95367aaefef79251b6f" ON batch_member(generation_id)`);
    await runner.query(
      `ALTER TABLE generation ADD COLUMN key text, ADD COLUMN batch_id uuid, ADD COLUMN batch_position integer`,
    );
    await runner.query(`CREATE INDEX "IDX_b7552085e43bdc8c7d3d972a6f" ON generation(key)`);
    await runner.query(`CREATE INDEX "IDX_f61569cf6ce08e01f35925dcce" ON generation(batch_id, finished_at)`);
    await runner.query(
      `CREATE INDEX generation_waiting_in_batch ON generation(batch_id, batch_position) WHERE (state = 'QUEUED'::text)`,
    );
    await runner.query(
      `CREATE INDEX generation_waiting_alone ON generation(coalesce(requested_by_id, 0), created_at) WHERE (state = 'QUEUED'::text AND batch_id IS NULL)`,
    );
    for (const [table, name, column, target, deletion] of FOREIGN_KEYS) {
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${target}(id) ${deletion}`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE batch_event, batch_member`);
    await runner.query(`ALTER TABLE generation DROP COLUMN key, DROP COLUMN batch_id, DROP COLUMN batch_position`);
    await runner.query(`DROP TABLE batch`);
  }
}

const FOREIGN_KEYS = [
  ['batch', 'FK_f2c6334d9ca2bb5f626a465db05', 'bundle_id', 'bundle', ''],
  ['batch', 'FK_8248786dd641a9c8d88c30b4ebd', 'requested_by_id', 'api_token', ''],
  ['batch_event', 'FK_afadbde23bb59109ac8bc7fadce', 'batch_id', 'batch', 'ON DELETE CASCADE'],
  ['generation', 'FK_f7e7d161a5aa8bad5b32bc39d7a', 'batch_id', 'batch', 'ON DELETE CASCADE'],
  ['batch_member', 'FK_f209ac0ea2d3542210970b966d9', 'batch_id', 'batch', 'ON DELETE CASCADE'],
  ['batch_member', 'FK_7d393fe95367aaefef79251b6f1', 'generation_id', 'generation', 'ON DELETE CASCADE'],
] as const;
