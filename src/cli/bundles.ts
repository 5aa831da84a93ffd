import { Command } from 'commander';
import { UserError } from '../domain/errors.js';
import { describeUse, type DeviceChoice, listBundles, readBundle, startInferenceHost } from '../inference/index.js';
import { Bundle } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { reinstateBundle, retireBundle } from '../services/bundles/index.js';
import { deviceOption, modelsOption } from './choose-bundle.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';

/** `osteograph bundles`: list the models, or check one graph by graph. */
export function bundlesCommand(): Command {
  const command = new Command('bundles').description('list the models, or check one').addHelpText(
    'after',
    `
Examples:
  $ osteograph bundles                                            every bundle, refused ones with the reason
  $ osteograph bundles check models/knee-xray2mri-demo/1.0.1      hashes, tensors and a device that runs it`,
  );
  command
    .command('list', { isDefault: true })
    .description('list every bundle with its state')
    .addOption(modelsOption())
    .action(list);
  command
    .command('check')
    .description("check a bundle's manifest, hashes and tensors, and load it")
    .argument('<dir>', 'folder that holds bundle.json')
    .addOption(deviceOption())
    .action(check);
  for (const [name, description, work] of RETIREMENT) {
    command
      .command(name)
      .description(description)
      .argument('<name@version>', 'the bundle, as "osteograph bundles" names it')
      .addOption(dataDirOption())
      .action((reference: string, { dataDir }: { dataDir: string }) => change(dataDir, reference, work));
  }
  return command;
}

const RETIREMENT: [string, string, typeof retireBundle][] = [
  ['retire', 'make nothing new with a bundle; what was made with it stays', retireBundle],
  ['reinstate', 'take a retired bundle into use again', reinstateBundle],
];

async function change(dataDir: string, reference: string, work: typeof retireBundle): Promise<void> {
  const [name = '', version = ''] = reference.split('@');
  await withDatabase(dataDir, 'bundles', async ({ dataSource }) => {
    const known = await dataSource.getRepository(Bundle).findOneBy({ name, version });
    if (!known)
      throw new UserError(
        'NOT_FOUND',
        `There is no bundle "${reference}"; give name@version, as "osteograph bundles" lists them.`,
      );
    const { state, refusal } = await work(dataSource, COMMAND_LINE, known.id);
    console.log(`${state}: ${refusal ?? reference}`);
  });
}

async function list({ models }: { models: string }): Promise<void> {
  const listings = await listBundles(models);
  if (listings.length === 0) console.log(`No bundles in ${models}.`);
  for (const listing of listings) {
    if ('refusal' in listing) {
      console.log(`REFUSED  ${listing.refusal.message}`);
      continue;
    }
    const { manifest, sha256, dir } = listing.bundle;
    console.log(
      `READY    ${manifest.name}@${manifest.version}  ${manifest.task}  sha256 ${sha256.slice(0, 12)}  ${dir}`,
    );
    console.log(`         ${manifest.description}`);
  }
}

async function check(dir: string, { device }: { device: DeviceChoice }): Promise<void> {
  const { manifest } = await readBundle(dir);
  const host = await startInferenceHost({ device });
  try {
    const loaded = await host.describe(dir);
    console.log(
      `${manifest.name}@${manifest.version} is sound and runs on ${loaded.device}: ${describeUse(manifest)}.`,
    );
  } finally {
    await host.close();
  }
}
