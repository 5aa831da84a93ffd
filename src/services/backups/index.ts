/** The only door to backups for other layers. */
export { type BackupOptions, type BackupReport, createBackup } from './create.js';
export { databaseName, keepErasures } from './erasures.js';
export { BackupFolder } from './folder.js';
export { type Manifest, readManifest } from './manifest.js';
export { pruneBackups } from './prune.js';
export { requireEmpty, restoreBackup, type RestoreOptions, type RestoreReport, verifyBackup } from './restore.js';
