import { BackupFolder } from './folder.js';
import { listBlobs } from './blobs.js';

/**
 * Removes all backups but the newest, and the blobs that only those had: what was erased since lies in them until then.
 *
 * @param keep how many stay, at least 1
 */
export async function pruneBackups(
  path: string,
  keep: number,
): Promise<{ removed: string[]; blobs: number; bytes: number }> {
  const folder = await BackupFolder.existing(path);
  const names = await folder.names();
  const removed = names.slice(0, -keep);
  for (const name of removed) await folder.remove(name);
  const needed = new Set<string>();
  for (const name of names.slice(-keep)) {
    for await (const { sha256 } of listBlobs(folder.pathOf(name))) needed.add(sha256);
  }
  let [blobs, bytes] = [0, 0];
  for await (const blob of folder.blobs.list()) {
    if (needed.has(blob.sha256)) continue;
    await folder.blobs.delete(blob.storageKey);
    blobs++;
    bytes += blob.bytes;
  }
  return { removed, blobs, bytes };
}
