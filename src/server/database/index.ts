export { dumpSchema } from './dump.js';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.js';
export { describeHolder, takeLock } from './lock.js';
export { migrate, OLDEST_POSTGRES, pendingMigrations } from './migrate.js';
export { connect, type Database, openDatabase, type OpenOptions } from './open.js';
