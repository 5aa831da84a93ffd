import { pino } from 'pino';
import { connect } from '../../dist/src/server/database/index.js';
import { startExportRunner } from '../../dist/src/services/exports/index.js';
import { openBlobStore } from '../../dist/src/storage/index.js';

/** Writes exports until it is killed: `node export-process.js <database URL> <data directory>`. */
const [, , databaseUrl, dataDir] = process.argv;
const dataSource = await connect(databaseUrl);
startExportRunner({ dataSource, store: openBlobStore(dataDir), logger: pino({ level: 'silent' }) });
