import type { ArchiveFormat } from '../domain/exports.js';
import type { ExportManifest } from '../services/exports/index.js';
import { counted } from './words.js';

/** What an archive of a format is counted in. */
export function itemsOf(format: ArchiveFormat): string {
  return format === 'FILES_ZIP' ? 'generations' : 'volumes';
}

/** Of how many volumes or generations an archive holds files. */
export function heldBy({ volumes, generations }: { volumes?: number; generations?: number }): object {
  return generations === undefined ? { volumes } : { generations };
}

/** What was written, in a line. */
export function described(manifest: ExportManifest): string {
  if ('kinds' in manifest) {
    const { kinds, volumes, generations, files, file } = manifest;
    const what =
      generations === undefined
        ? `${Object.entries(kinds)
            .filter(([, count]) => count > 0)
            .map(([kind, count]) => `${count} ${kind}`)
            .join(', ')} volume${volumes === 1 ? '' : 's'}`
        : `what ${counted(generations, 'generation')} made`;
    return `${what}; ${files} files, ${file.bytes} bytes.`;
  }
  const { rows, phantomRows, synthetic, columns, file, unit } = manifest;
  const what = unit === 'PARTICIPANT' ? 'participant' : 'knee exam';
  const who = { NONE: '', SOME: `, ${phantomRows} of them of phantoms`, ALL: ', all of phantoms' }[synthetic];
  const phantoms = who && `${who} of a synthetic release`;
  return `${counted(rows, what)}${phantoms}; ${columns.length} columns, ${file.bytes} bytes.`;
}
