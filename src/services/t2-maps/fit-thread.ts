/** The thread in which one map is fitted: work of many seconds, during which a server goes on to answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { decodeNifti, encodeNifti } from '../../imaging/nifti.js';
import { t2Map } from '../../imaging/relaxometry/t2-map.js';

/** What is fitted. */
export interface FitWork {
  /** Volumes as NIfTI; echo times in ms. */
  echoes: readonly { echoTime: number; bytes: Uint8Array; name: string }[];
  skipFirst: boolean;
  floor: number;
  /** What the header of the map's file says. */
  description: string;
}

/** A map, and what is told of it. */
export interface Fitted {
  nifti: Uint8Array;
  tried: number;
  fitted: number;
  /** ms */
  median: number | null;
}

export type FitAnswer =
  { done: number; total: number } | { fitted: Fitted } | { refusal: Pick<UserError, 'code' | 'message'> };

const answer = (message: FitAnswer) => parentPort!.postMessage(message);

try {
  const { echoes, skipFirst, floor, description } = workerData as FitWork;
  const volumes = [];
  for (const { echoTime, bytes, name } of echoes) {
    const { volume } = await decodeNifti(Buffer.from(bytes), name);
    volumes.push({ echoTime, volume });
  }
  const total = volumes[0]!.volume.slices;
  const map = await t2Map(volumes, { skipFirst, floor, onSlice: (done) => answer({ done, total }) });
  if (map.fitted === 0) {
    throw new UserError('FILE_REFUSED', 'The series has no voxel whose signal decays; there is no T2 to map.');
  }
  const { volume, tried, fitted, median } = map;
  answer({ fitted: { nifti: await encodeNifti(volume, description), tried, fitted, median } });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  const { code, message } = error;
  answer({ refusal: { code, message } });
}
