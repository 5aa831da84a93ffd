import { QueryFailedError } from 'typeorm';
import { z } from 'zod';

/** What is wrong with a database, where the statement that failed is not to blame. */
export interface DatabaseFault {
  kind: 'AWAY' | 'FULL' | 'READ_ONLY';
  /** One sentence for whoever asked, which names no address. */
  message: string;
}

const FAULTS: Record<DatabaseFault['kind'], DatabaseFault> = {
  AWAY: { kind: 'AWAY', message: 'The database cannot be reached at the moment.' },
  FULL: { kind: 'FULL', message: 'The disk of the database is full; nothing can be stored until there is room.' },
  READ_ONLY: { kind: 'READ_ONLY', message: 'The database takes no changes at the moment: it is a standby.' },
};

/** Classes and codes of SQLSTATE that say that the server, and not the statement, was at fault. */
const BY_CODE: [RegExp, DatabaseFault['kind']][] = [
  // Connection exceptions; shutting down, starting; too many connections; a transaction that stood idle for too long.
  [/^(?:08...|57P0[1-5]|53300|25P03)$/, 'AWAY'],
  // Disk full; a file that could not be written.
  [/^(?:53100|58030)$/, 'FULL'],
  [/^25006$/, 'READ_ONLY'],
];

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** What pg says without a code. */
const CONNECTION_LOST =
  /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|PostgreSQL has not answered)/;

const READABLE = z.object({ code: z.string().optional(), message: z.string() });

/** SQLSTATE, or the system's code, of an error of the database as TypeORM or pg throws it; undefined where it has none. */
export function sqlState(error: unknown): string | undefined {
  return readable(error).code;
}

function readable(error: unknown): { code?: string | undefined; message?: string | undefined } {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  // By its shape: an error of the system need not be of this realm's class.
  return { ...READABLE.safeParse(cause).data };
}

/** What an error says of the database's own state; undefined where it says something of what was asked. */
export function databaseFault(error: unknown): DatabaseFault | undefined {
  const { code, message } = readable(error);
  if (code === undefined) return message !== undefined && CONNECTION_LOST.test(message) ? FAULTS.AWAY : undefined;
  if (NETWORK.has(code)) return FAULTS.AWAY;
  const kind = BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
  return kind && FAULTS[kind];
}
