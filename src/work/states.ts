import type { EntityManager } from 'typeorm';
import type { Work } from '../entities/index.js';

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

/** Work whose states the kernel changes, with a log of such lines. */
export interface StateMachine<R extends Work, B extends LogBody> extends LoggedKind<R['state']> {
  /** Never set: it ties the type of the lines to the kind. */
  readonly line?: B;
  readonly entity: new () => R;
  /** Columns that a state sets whenever it is entered. */
  readonly entering?: Readonly<Record<string, Partial<R>>>;
  /**
   * SQL of common table expressions that stand in the statement of each change of state, beside `changed`, which has the row's columns: what
   * others are told of it, then, is as true as the change itself. Undefined where nothing is told.
   */
  outbox?(to: R['state'], bind: (value: unknown) => string): string | undefined;
  /** Goes round each change of state, in a transaction: what must be locked before, and what follows. Undefined: not now. */
  around?(
    manager: EntityManager,
    moved: { id: R['id']; from: R['state']; to: R['state']; error: string | null },
    move: () => Promise<number | undefined>,
  ): Promise<number | undefined>;
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
