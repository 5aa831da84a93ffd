import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Peers, what is sent to them, and what will be once it is made. */
export class SendDicom1760000006700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE dicom_peer (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, name text NOT NULL, ae_title text NOT NULL, host text NOT NULL, port integer NOT NULL, calling_ae_title text NOT NULL, tls boolean NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
         CONSTRAINT dicom_peer_name UNIQUE (name), CONSTRAINT dicom_peer_port CHECK (port BETWEEN 1 AND 65535), CONSTRAINT "PK_dicom_peer" PRIMARY KEY (id))`,
    );
    await runner.query(
      `CREATE TABLE dicom_sending (attempt smallint NOT NULL DEFAULT '0', attempt_limit smallint NOT NULL DEFAULT '5', cancel_requested boolean NOT NULL DEFAULT false, last_seq integer NOT NULL DEFAULT '0', waits smallint NOT NULL DEFAULT '0', not_before timestamptz, waiting_reason text, error text, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz,
         id integer GENERATED ALWAYS AS IDENTITY NOT NULL, state text NOT NULL, peer_id integer NOT NULL, series_id integer NOT NULL, sent integer NOT NULL DEFAULT '0', warned integer NOT NULL DEFAULT '0', total integer, requested_by_id integer,
         CONSTRAINT dicom_sending_state CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')), CONSTRAINT "PK_dicom_sending" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX dicom_sending_by_state ON dicom_sending (state, created_at)');
    await runner.query('CREATE INDEX dicom_sending_series ON dicom_sending (series_id)');
    await runner.query('CREATE INDEX dicom_sending_peer ON dicom_sending (peer_id)');
    await runner.query('CREATE INDEX dicom_sending_requested_by ON dicom_sending (requested_by_id)');
    await runner.query(
      `CREATE TABLE dicom_sending_event (dicom_sending_id integer NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_dicom_sending_event" PRIMARY KEY (dicom_sending_id, seq))`,
    );
    await runner.query(
      `CREATE TABLE dicom_send_order (generation_id uuid NOT NULL, peer_id integer NOT NULL, requested_by_id integer, CONSTRAINT "PK_dicom_send_order" PRIMARY KEY (generation_id, peer_id))`,
    );
    await runner.query('CREATE INDEX dicom_send_order_peer ON dicom_send_order (peer_id)');
    await runner.query('ALTER TABLE arrival_rule ADD send_to_id integer');
    await runner.query('CREATE INDEX arrival_rule_send_to ON arrival_rule (send_to_id)');
    for (const [table, column, name, target] of [
      ['dicom_sending', 'peer_id', 'FK_dicom_sending_peer', 'dicom_peer(id) ON DELETE CASCADE'],
      ['dicom_sending', 'series_id', 'FK_dicom_sending_series', 'dicom_series(id) ON DELETE CASCADE'],
      ['dicom_sending', 'requested_by_id', 'FK_dicom_sending_requested_by', 'api_token(id)'],
      [
        'dicom_sending_event',
        'dicom_sending_id',
        'FK_dicom_sending_event_sending',
        'dicom_sending(id) ON DELETE CASCADE',
      ],
      ['dicom_send_order', 'generation_id', 'FK_dicom_send_order_generation', 'generation(id) ON DELETE CASCADE'],
      ['dicom_send_order', 'peer_id', 'FK_dicom_send_order_peer', 'dicom_peer(id) ON DELETE CASCADE'],
      ['dicom_send_order', 'requested_by_id', 'FK_dicom_send_order_requested_by', 'api_token(id)'],
      ['arrival_rule', 'send_to_id', 'FK_arrival_rule_send_to', 'dicom_peer(id)'],
    ]) {
      await runner.query(`ALTER TABLE ${table} ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${target}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE arrival_rule DROP COLUMN send_to_id');
    for (const table of ['dicom_send_order', 'dicom_sending_event', 'dicom_sending', 'dicom_peer']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
