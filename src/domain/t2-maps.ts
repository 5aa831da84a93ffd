/** Life of a T2 map. */
export const T2_MAP_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type T2MapState = (typeof T2_MAP_STATES)[number];

/** An echo that a map is fitted to. */
export interface T2Echo {
  /** Key of its MRI series. */
  seriesId: number;
  /** ms */
  echoTime: number;
  /** Of its stored volume when the map was asked for. */
  sha256: string;
}
