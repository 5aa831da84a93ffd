import type { Logger } from 'pino';
import type { Dependencies } from '../server/health.js';
import type { Metrics } from '../server/metrics.js';
import { startOperationsServer } from '../server/operations.js';

/** `/metrics` and `/health` of a process that serves nothing else over HTTP. */
export async function serveOperations({
  logger,
  ...options
}: Dependencies & { metrics: Metrics; host: string; port: number; logger: Logger }): Promise<{
  sayClosing(): void;
  close(): Promise<void>;
}> {
  let closing = false;
  const metricsToken = process.env['OSTEOGRAPH_METRICS_TOKEN'];
  const server = await startOperationsServer({ ...options, metricsToken, closing: () => closing });
  logger.info({ url: server.url }, 'metrics and health are served');
  return {
    sayClosing() {
      closing = true;
    },
    async close() {
      await server.close();
      options.metrics.close();
    },
  };
}
