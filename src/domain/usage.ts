/** What a report of use can tell apart. */
export const USAGE_DIMENSIONS = ['REQUESTER', 'BATCH', 'TASK', 'DEVICE', 'MONTH'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

/** What generations that ended in a period have taken, as far as they share these; of a dimension that was not asked for null. */
export interface Usage {
  /** Key of the token; null for the command line. */
  requesterId: number | null;
  batchId: string | null;
  task: string | null;
  device: string | null;
  /** Such as "2026-11", UTC. */
  month: string | null;
  succeeded: number;
  failed: number;
  canceled: number;
  /** From the first start of each to its end, waiting between attempts included, s; of one that somebody had tried again the last time alone. */
  seconds: number;
  /** Size of the files that they made and that are still there. */
  bytes: number;
  /** By the prices of devices; null where one that has computed has none. */
  cost: number | null;
}

/** Price of an hour by device, or by the kind of device that its name begins with, such as "cuda" of "cuda:0". */
export type DevicePrices = ReadonlyMap<string, number>;
