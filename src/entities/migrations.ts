import type { DataSource } from 'typeorm';

/** Names of the migrations that this program knows, as a database keeps those that it has run. */
export function knownMigrations({ migrations }: DataSource): Set<string> {
  return new Set(migrations.map((migration) => migration.name ?? migration.constructor.name));
}
