import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Remembers what was imported, so that an unchanged file is not read again. */
export class CreateImportedFile1760000000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE imported_file (path text NOT NULL, bytes bigint NOT NULL, modified_at timestamptz NOT NULL, sha256 text NOT NULL, reader smallint NOT NULL, rows integer NOT NULL, refused integer NOT NULL, became jsonb NOT NULL DEFAULT '{}', imported_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_50de741d4e3565c4bd60dffe420" PRIMARY KEY (path))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE imported_file');
  }
}
