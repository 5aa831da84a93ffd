#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { packageVersion } from '../domain/package.js';
import { diskFaultInWords } from './disk-faults.js';
import { codeOfFailure, exitSoon, handleSignals } from './signals.js';

/** Commands are loaded when they are asked for: `osteograph synth` need not wait for a GraphQL server to load. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./demo.js')).demoCommand(),
  serve: async () => (await import('./serve.js')).serveCommand(),
  worker: async () => (await import('./worker.js')).workerCommand(),
  workers: async () => (await import('./workers.js')).workersCommand(),
  synth: async () => (await import('./synth.js')).synthCommand(),
  import: async () => (await import('./import.js')).importCommand(),
  imports: async () => (await import('./imports.js')).importsCommand(),
  quarantine: async () => (await import('./quarantine.js')).quarantineCommand(),
  'dicom-listen': async () => (await import('./dicom-listen.js')).dicomListenCommand(),
  'dicom-find': async () => (await import('./dicom-find.js')).dicomFindCommand(),
  'dicom-fetch': async () => (await import('./dicom-fetch.js')).dicomFetchCommand(),
  'dicom-peers': async () => (await import('./dicom-peers.js')).dicomPeersCommand(),
  'dicom-send': async () => (await import('./dicom-send.js')).dicomSendCommand(),
  'dicom-sendings': async () => (await import('./dicom-sendings.js')).dicomSendingsCommand(),
  'arrival-rules': async () => (await import('./arrival-rules.js')).arrivalRulesCommand(),
  participants: async () => (await import('./participants.js')).participantsCommand(),
  generate: async () => (await import('./generate.js')).generateCommand(),
  read: async () => (await import('./read.js')).readCommand(),
  restore: async () => (await import('./restore.js')).restoreCommand(),
  progress: async () => (await import('./progress-film.js')).progressCommand(),
  t2map: async () => (await import('./t2map.js')).t2mapCommand(),
  superres: async () => (await import('./superres.js')).superresCommand(),
  inpaint: async () => (await import('./inpaint.js')).inpaintCommand(),
  evaluate: async () => (await import('./evaluate.js')).evaluateCommand(),
  cohorts: async () => (await import('./cohorts.js')).cohortsCommand(),
  variables: async () => (await import('./variables.js')).variablesCommand(),
  batches: async () => (await import('./batches.js')).batchesCommand(),
  export: async () => (await import('./export.js')).exportCommand(),
  score: async () => (await import('./score.js')).scoreCommand(),
  bundles: async () => (await import('./bundles.js')).bundlesCommand(),
  blobs: async () => (await import('./blobs.js')).blobsCommand(),
  audit: async () => (await import('./audit.js')).auditCommand(),
  retention: async () => (await import('./retention.js')).retentionCommand(),
  usage: async () => (await import('./usage.js')).usageCommand(),
  webhooks: async () => (await import('./webhooks.js')).webhooksCommand(),
  backup: async () => (await import('./backup.js')).backupCommand(),
  token: async () => (await import('./token.js')).tokenCommand(),
  login: async () => (await import('./login.js')).loginCommand(),
  logout: async () => (await import('./login.js')).logoutCommand(),
  whoami: async () => (await import('./login.js')).whoamiCommand(),
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

// A third of what a start costs is compiling the same code again.
enableCompileCache();
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
  const all = argv[2] === '--version' || argv[2] === '-V' ? [] : Object.values(COMMANDS);
  const loaders = asked ? [asked] : all;
  for (const load of loaders) program.addCommand(await load());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = codeOfFailure();
    const sentence = await faultInWords(error);
    if (sentence !== null) console.error(`osteograph: ${sentence}`);
    else console.error('osteograph: internal error:', error);
  }
}

/** One sentence for what is no fault of the program; null for every other error. */
async function faultInWords(error: unknown): Promise<string | null> {
  const sentence = error instanceof UserError ? error.message : diskFaultInWords(error);
  if (sentence !== null) return sentence;
  const { databaseFault } = await import('../entities/index.js');
  return databaseFault(error)?.message ?? null;
}
