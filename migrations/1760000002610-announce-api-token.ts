import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Servers remember tokens; whoever changes or removes one, by whatever means, tells them so. */
export class AnnounceApiToken1760000002610 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE FUNCTION announce_api_token() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN PERFORM pg_notify('osteograph_token', OLD.id::text); RETURN NULL; END $$`,
    );
    await runner.query(
      `CREATE TRIGGER announce_api_token AFTER UPDATE OR DELETE ON api_token
       FOR EACH ROW EXECUTE FUNCTION announce_api_token()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER announce_api_token ON api_token');
    await runner.query('DROP FUNCTION announce_api_token');
  }
}
