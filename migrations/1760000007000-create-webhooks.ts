import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhooks, and the messages to them. */
export class CreateWebhooks1760000007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE webhook (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, url text NOT NULL, description text NOT NULL, events text array NOT NULL, everybodys boolean NOT NULL, secret text NOT NULL, previous_secret text, previous_secret_until timestamptz, failing_since timestamptz, disabled_at timestamptz, disabled_reason text, owner_id integer, created_at timestamptz NOT NULL DEFAULT now(),
         CONSTRAINT "PK_webhook" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX webhook_owner ON webhook (owner_id)');
    await runner.query(
      `CREATE TABLE webhook_delivery (attempt smallint NOT NULL DEFAULT '0', attempt_limit smallint NOT NULL DEFAULT '5', cancel_requested boolean NOT NULL DEFAULT false, last_seq integer NOT NULL DEFAULT '0', waits smallint NOT NULL DEFAULT '0', not_before timestamptz, waiting_reason text, error text, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz,
         id integer GENERATED ALWAYS AS IDENTITY NOT NULL, state text NOT NULL, webhook_id integer NOT NULL, message_id uuid NOT NULL DEFAULT gen_random_uuid(), event text NOT NULL, subject text NOT NULL, generation_id uuid, detail jsonb NOT NULL DEFAULT '{}', happened_at timestamptz NOT NULL DEFAULT clock_timestamp(), response_status smallint, response_body text,
         CONSTRAINT webhook_delivery_state CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')), CONSTRAINT "PK_webhook_delivery" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX webhook_delivery_by_state ON webhook_delivery (state, created_at)');
    await runner.query('CREATE INDEX webhook_delivery_created ON webhook_delivery (created_at, id)');
    await runner.query('CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id)');
    await runner.query('CREATE INDEX webhook_delivery_generation ON webhook_delivery (generation_id)');
    await runner.query(
      `CREATE TABLE webhook_delivery_event (webhook_delivery_id integer NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_webhook_delivery_event" PRIMARY KEY (webhook_delivery_id, seq))`,
    );
    for (const [table, column, name, target] of [
      ['webhook', 'owner_id', 'FK_webhook_owner', 'api_token(id)'],
      ['webhook_delivery', 'webhook_id', 'FK_webhook_delivery_webhook', 'webhook(id) ON DELETE CASCADE'],
      [
        'webhook_delivery_event',
        'webhook_delivery_id',
        'FK_webhook_delivery_event_delivery',
        'webhook_delivery(id) ON DELETE CASCADE',
      ],
    ]) {
      await runner.query(`ALTER TABLE ${table} ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${target}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['webhook_delivery_event', 'webhook_delivery', 'webhook']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
