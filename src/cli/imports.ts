import { Command } from 'commander';
import { listImports, type PastImport } from '../services/imports/index.js';
import { withDatabase } from './database.js';
import { dataDirOption, wholeNumber } from './options.js';

/** `osteograph imports`: what was imported, when, by whom. */
export function importsCommand(): Command {
  return new Command('imports')
    .description('list what was imported: when, by whom, and what came of it')
    .addOption(dataDirOption())
    .option('--limit <n>', 'how many, newest first', wholeNumber('--limit'), 20)
    .option('--json', 'one JSON object per line, for programs')
    .addHelpText(
      'after',
      `
Each row says how many rows of tables and folders of images were read. "osteograph import --dry-run" tells what one would change,
"osteograph import --undo" takes one back.

Examples:
  $ osteograph imports
  $ osteograph imports --limit 1 --json`,
    )
    .action(list);
}

async function list({ dataDir, limit, json }: { dataDir: string; limit: number; json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'imports', async ({ dataSource }) => {
    const imports = await listImports(dataSource, limit);
    if (json) for (const one of imports) console.log(JSON.stringify(one));
    else if (imports.length === 0) console.log('Nothing has been imported yet: "osteograph import <release>" does.');
    else for (const one of imports) console.log(inWords(one));
  });
}

function inWords({
  id,
  ended,
  undoes,
  undoneBy,
  undone,
  at,
  by,
  release,
  tables,
  rows,
  inserted,
  updated,
  refused,
  images,
  durationMs,
}: PastImport): string {
  const heading = [
    String(id),
    at.toISOString(),
    release ?? 'release without a name',
    by ?? 'by somebody',
    ...(undoes === null ? [`${(durationMs / 1000).toFixed(1)} s`] : []),
    ...(ended ? [] : ['not ended']),
    ...(undoneBy === null ? [] : [`undone by ${undoneBy}`]),
  ];
  if (undoes !== null) {
    const { removed, emptied, restored } = undone;
    return `${heading.join('  ')}\n  undid import ${undoes}: values: ${removed} removed, ${emptied} emptied, ${restored} restored`;
  }
  const tableWords = `tables: ${tables}, rows: ${rows} (${inserted} new, ${updated} changed)`;
  const imageWords = `image folders: ${images.folders} (${images.inserted} new, ${images.updated} changed)`;
  return `${heading.join('  ')}\n  ${tableWords}; ${imageWords}; refused: ${refused}`;
}
