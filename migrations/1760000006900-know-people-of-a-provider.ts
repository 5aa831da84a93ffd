import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom an identity provider vouches for owns things as a token does: a row of the same table, without a token of ours. */
export class KnowPeopleOfAProvider1760000006900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE api_token ADD COLUMN issuer text, ADD COLUMN subject text, ALTER COLUMN hash DROP NOT NULL',
    );
    await runner.query('ALTER TABLE api_token ADD CONSTRAINT "UQ_api_token_subject" UNIQUE (issuer, subject)');
    await runner.query(
      `ALTER TABLE api_token ADD CONSTRAINT api_token_kind
       CHECK (num_nulls(issuer, subject) = CASE WHEN hash IS NULL THEN 0 ELSE 2 END)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    const [{ count }] = (await runner.query('SELECT count(*)::int AS count FROM api_token WHERE hash IS NULL')) as [
      { count: number },
    ];
    if (count > 0) {
      throw new Error(
        `${count} people have signed in by an identity provider; before this migration there is no place for what they own.`,
      );
    }
    await runner.query('ALTER TABLE api_token DROP CONSTRAINT api_token_kind');
    await runner.query('ALTER TABLE api_token DROP COLUMN issuer, DROP COLUMN subject, ALTER COLUMN hash SET NOT NULL');
  }
}
