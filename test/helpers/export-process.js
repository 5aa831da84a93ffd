import { pino } from 'pino';
import { connect } from '../../dist/src/server/database/index.js';
import { KINDS } from '../../dist/src/server/kinds.js';
import { EXPORT } from '../../dist/src/services/exports/index.js';
import { openBlobStore } from '../../dist/src/storage/index.js';
import { startRunner } from '../../dist/src/work/index.js';

/** Writes exports until it is killed: `node export-process.js <database URL> <data directory>`. */
const [, , databaseUrl, dataDir] = process.argv;
const dataSource = await connect(databaseUrl);
const resources = { store: openBlobStore(dataDir) };
startRunner({ registry: KINDS, kind: EXPORT, dataSource, resources, logger: pino({ level: 'silent' }) });
