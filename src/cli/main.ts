#!/usr/bin/env node
import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { packageVersion } from '../domain/package.js';
import { exitSoon, handleSignals } from './signals.js';

/** Commands are loaded when they are asked for: `osteograph synth` need not wait for a GraphQL server to load. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./demo.js')).demoCommand(),
  serve: async () => (await import('./serve.js')).serveCommand(),
  worker: async () => (await import('./worker.js')).workerCommand(),
  workers: async () => (await import('./workers.js')).workersCommand(),
  synth: async () => (await import('./synth.js')).synthCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  generate: async () => (await import('./generate.js')).generateCommand(),
  read: async () => (await import('./read.js')).readCommand(),
  restore: async () => (await import('./restore.js')).restoreCommand(),
  evaluate: async () => (await import('./evaluate.js')).evaluateCommand(),
  cohorts: async () => (await import('./cohorts.js')).cohortsCommand(),
  batches: async () => (await import('./batches.js')).batchesCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
  score: async () => (await import('./score.js')).scoreCommand(),
  bundles: async () => (await import('./bundles.js')).bundlesCommand(),
  blobs: async () => (await import('./blobs.js')).blobsCommand(),
  token: async () => (await import('./token.js')).tokenCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  migrate: async () => (await import('./migrate.js')).migrateCommand(),
};

const EXAMPLES = `
Examples:
  $ osteograph demo                                  see the whole job in about two minutes
  $ osteograph synth --out release --participants 6  make a small synthetic OAI release
  $ osteograph import release                        read it into the database
  $ osteograph serve                                 open the API at http://127.0.0.1:4000
  $ osteograph generate --xray knee.png --side R --out volume
  $ osteograph read film.dcm                         KL grade and joint space of the knees on a film`;

handleSignals();
await main(process.argv);
exitSoon();

async function main(argv: string[]): Promise<void> {
  const program = new Command('osteograph')
    .description(
      'A research-data platform for knee osteoarthritis imaging, with radiograph-to-MRI generation built in.',
    )
    .version(packageVersion)
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError();
  const asked = COMMANDS[argv[2] ?? ''];
  const loaders = asked ? [asked] : Object.values(COMMANDS);
  for (const load of loaders) program.addCommand(await load());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof UserError) console.error(`osteograph: ${error.message}`);
    else console.error('osteograph: internal error:', error);
  }
}
