import type { Logger } from 'pino';
import type { DataSource, EntityManager, FindOptionsRelations } from 'typeorm';
import type { Work } from '../entities/index.js';
import type { Fault } from './faults.js';
import type { Lease } from './lease.js';

/** A line of a log before it is numbered. */
export interface LogBody {
  type: string;
  payload: object;
}

/** The line that every change of state leaves in a log. */
export interface StateChange<State extends string> {
  state: State;
  /** One sentence that says why, where there is something to say. */
  message: string | null;
  /** How often the work had been started by then. */
  attempt: number;
}

/** What has states and a log of them: rows of a table, with the log in `<table>_event`. */
export interface LoggedKind<State extends string = string> {
  /** As sentences and log lines call it, e.g. "generation", "reader study". */
  readonly name: string;
  readonly table: string;
  /** Where each state may lead. */
  readonly transitions: Readonly<Record<State, readonly State[]>>;
  /** States after which its log has no further line, unless it is asked for again. */
  readonly final: readonly State[];
}

/** A row as its caller last read it. A change is made only while it still is so. */
export interface Seen<State extends string = string> {
  id: string | number;
  state: State;
  attempt: number;
}

/** A change of a row together with what its log says of it. */
export interface Change<R extends Work, B extends LogBody> {
  /** The state to go to; absent to stay and only write to the log. */
  to?: R['state'];
  /** One sentence that says why, for the log; the error of work that goes to FAILED. */
  message?: string;
  /** Lines for the log, put before the one that a new state writes. */
  events?: readonly B[];
  /** Columns to change beside those that the new state itself changes. */
  set?: Partial<R>;
  /** Of work that is or goes back to QUEUED: for how long, and why, it is not to be started. */
  wait?: Wait;
  /** The attempt that ends does not count towards the limit. */
  uncounted?: boolean;
}

export interface Wait {
  /** One sentence. */
  reason: string;
  ms: number;
}

/** How an attempt that has done everything ends: in one transaction, which also makes it succeed. */
export interface Completion<R extends Work, B extends LogBody> {
  /** Writes what the work comes to; returns what its row and log say of it. */
  finish(manager: EntityManager): Promise<Pick<Change<R, B>, 'events' | 'set'>>;
  /** Takes back what was stored before, when the attempt turns out to be over. */
  undo?(): Promise<void>;
}

/** What one attempt is given. */
export interface RunContext<R extends Work, B extends LogBody, Resources> {
  /** As it was just claimed. */
  row: R;
  /** The only way in which the attempt writes, and the signal that tells it to stop. */
  lease: Lease<R, B>;
  dataSource: DataSource;
  resources: Resources;
  logger: Logger;
  /** How long the claim took, s. */
  claimSeconds: number;
  /** Called once, when it is decided where the attempt leads; the cause is one of a few words, null for a success. */
  onEnd(listener: (outcome: string, cause: string | null) => void): void;
}

/**
 * A kind of long work: everything that the kernel must be told of it. One that nobody runs by itself (a batch, which its
 * generations move) is a {@link LoggedKind} and no more.
 */
export interface WorkKind<R extends Work = Work, B extends LogBody = LogBody, Resources = never> extends LoggedKind<
  R['state']
> {
  readonly entity: new () => R;
  /** Who does it, as messages say: "Its worker is shutting down." */
  readonly holder: 'worker' | 'server';
  /** What this kind calls the state after a success, and after a cancellation. */
  readonly succeeded: R['state'];
  readonly canceled: R['state'];
  /**
   * How running work is canceled. AT_ONCE: its row is final with the request, and whoever is at it finds out; BY_HOLDER: its row
   * is marked, and whoever is at it makes it final when they have stopped.
   */
  readonly cancels: 'AT_ONCE' | 'BY_HOLDER';
  /** Columns that a state sets whenever it is entered. */
  readonly entering?: Readonly<Record<string, Partial<R>>>;
  /** Loaded with the row that is run. */
  readonly relations?: FindOptionsRelations<R>;
  /** Columns that say who has it. */
  claiming?(row: R, resources: Resources): Partial<R>;
  /** Goes round each change of state, in a transaction: what must be locked before, and what follows. Undefined: not now. */
  around?(
    manager: EntityManager,
    moved: { id: R['id']; from: R['state']; to: R['state']; error: string | null },
    move: () => Promise<number | undefined>,
  ): Promise<number | undefined>;
  /** Throws while something that the work needs is away: it then waits and is not claimed at all. */
  ready?(row: R, resources: Resources): Promise<void>;
  /** Does the work, from wherever earlier attempts have left it. */
  run(context: RunContext<R, B, Resources>): Promise<Completion<R, B>>;
  /** What an error of this kind's own means; undefined for what the kernel knows. */
  faultOf?(error: unknown): Fault | undefined;
  /** What is to be tidied up now and then, by whoever runs this kind. */
  tidy?(dataSource: DataSource, resources: Resources): Promise<void>;
}

/** PostgreSQL channel on which every new line of a kind's logs is announced as "<id>:<seq>". */
export function channelOf({ table }: Pick<LoggedKind, 'table'>): string {
  return `${table}_event`;
}

/** @throws Error for a transition that the kind's states do not allow */
export function requireLegal<State extends string>(kind: LoggedKind<State>, from: State, to: State): void {
  if (kind.transitions[from].includes(to)) return;
  const article = /^[aeiou]/.test(kind.name) ? 'An' : 'A';
  throw new Error(`${article} ${kind.name} does not go from ${from} to ${to}.`);
}
