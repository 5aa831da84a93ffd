/** Lines of a log, in order. */
export interface LogPage<E> {
  events: E[];
  /** True when what the log is about has ended and no line comes after these. */
  ended: boolean;
}

/** A kind of log: lines numbered 1, 2, 3, ... for each id, each announced on a channel of PostgreSQL as "<id>:<seq>". */
export interface LogSource<E extends { seq: number }> {
  channel: string;
  /** The next lines after `after`. @throws UserError NOT_FOUND */
  read(id: string, after: number): Promise<LogPage<E>>;
}
