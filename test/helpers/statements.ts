import type { Logger } from 'typeorm';
import { currentRequest } from '../../src/server/logging.js';

/** Statements that a server in this process sent for requests; what it does of its own accord, whenever it likes, is not among them. */
export class StatementLog implements Logger {
  sent: { sql: string; parameters: object }[] = [];

  /** Their text. */
  get statements(): string[] {
    return this.sent.map(({ sql }) => sql);
  }

  clear(): void {
    this.sent = [];
  }

  logQuery(sql: string, parameters?: object): void {
    if (currentRequest()) this.sent.push({ sql, parameters: parameters ?? [] });
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
