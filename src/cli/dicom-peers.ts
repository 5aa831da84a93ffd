import { Command, Option } from 'commander';
import type { DicomPeer } from '../entities/index.js';
import { COMMAND_LINE } from '../policy/index.js';
import { type Pacs, parsePacs } from '../server/dicom/index.js';
import { addPeer, listPeers, removePeer } from '../services/sendings/index.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';
import { aeTitleOption, asArgument } from './pacs-options.js';

/** `osteograph dicom-peers`: the PACS that results may be sent to. */
export function dicomPeersCommand(): Command {
  const command = new Command('dicom-peers')
    .description('list, add and remove the PACS that results may be sent to')
    .addHelpText(
      'after',
      `
Nothing is sent but to these, and only whoever has the machine adds them. "osteograph dicom-send", the API and arrival rules name them.

Examples:
  $ osteograph dicom-peers
  $ osteograph dicom-peers add archive --at PACS1@10.0.0.5:104
  $ osteograph dicom-peers add archive-tls --at PACS1@pacs.example.org:2762 --tls
  $ osteograph dicom-peers remove archive`,
    );
  command
    .command('list', { isDefault: true })
    .description('the peers, by name')
    .addOption(dataDirOption())
    .option('--json', 'one JSON object per line, for programs')
    .action(list);
  command
    .command('add')
    .description('let results be sent to a PACS')
    .argument('<name>', 'what to call it')
    .addOption(dataDirOption())
    .addOption(
      new Option('--at <pacs>', 'its AE title, host and port, as PACS1@10.0.0.5:104')
        .argParser((text) => asArgument(() => parsePacs(text)))
        .makeOptionMandatory(),
    )
    .addOption(aeTitleOption('by which we call it'))
    .option('--tls', 'speak TLS; whoever sends has its files', false)
    .action(add);
  command
    .command('remove')
    .description('remove a peer, and the list of what was sent to it')
    .argument('<name>', 'as "osteograph dicom-peers" shows it')
    .addOption(dataDirOption())
    .action(async (name: string, { dataDir }: { dataDir: string }) => {
      await withDatabase(dataDir, 'dicom-peers', async ({ dataSource }) => {
        await removePeer(dataSource, COMMAND_LINE, name);
        console.log(`"${name}" is removed.`);
      });
    });
  return command;
}

async function list({ dataDir, json }: { dataDir: string; json?: boolean }): Promise<void> {
  await withDatabase(dataDir, 'dicom-peers', async ({ dataSource }) => {
    const peers = await listPeers(dataSource);
    if (json) {
      for (const { name, aeTitle, host, port, callingAeTitle, tls } of peers)
        console.log(JSON.stringify({ name, aeTitle, host, port, callingAeTitle, tls }));
    } else if (peers.length === 0) console.log('There is no peer.');
    else for (const peer of peers) console.log(inWords(peer));
  });
}

interface AddOptions {
  dataDir: string;
  at: Pacs;
  aeTitle: string;
  tls: boolean;
}

async function add(name: string, { dataDir, at, aeTitle, tls }: AddOptions): Promise<void> {
  await withDatabase(dataDir, 'dicom-peers', async ({ dataSource }) => {
    console.log(inWords(await addPeer(dataSource, COMMAND_LINE, { name, ...at, callingAeTitle: aeTitle, tls })));
  });
}

function inWords({ name, aeTitle, host, port, callingAeTitle, tls }: DicomPeer): string {
  return `${name}  ${aeTitle}@${host}:${port}${tls ? ' over TLS' : ''}, called by ${callingAeTitle}`;
}
