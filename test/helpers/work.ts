import { KINDS } from '../../src/server/kinds.js';
import { EXPORT, type ExportResources } from '../../src/services/exports/index.js';
import { type Runner, startRunner, type Timings, TIMINGS } from '../../src/work/index.js';
import { silent, type TestPlatform } from './platform.js';

export interface ExportRunnerChoices extends Partial<ExportResources> {
  timings?: Partial<Timings>;
}

/** Starts to write exports, as a server does. */
export function startExportRunner(
  { dataSource, store }: Pick<TestPlatform, 'dataSource' | 'store'>,
  { timings = {}, ...resources }: ExportRunnerChoices = {},
): Runner {
  return startRunner({
    registry: KINDS,
    kind: EXPORT,
    dataSource,
    resources: { store, ...resources },
    logger: silent,
    timings: { ...TIMINGS, ...timings },
  });
}
