import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { runProgram } from './program.js';

/** `osteograph dicom-listen` in a process of its own, listening. */
export interface ListenProcess {
  port: number;
  /** The next line of its log that says this, from the start on. */
  said(message: string, count?: number): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the command on a free port of this machine. */
export async function startListen(flags: readonly string[], env: NodeJS.ProcessEnv): Promise<ListenProcess> {
  const args = [compiledModule('cli/main'), 'dicom-listen', '--port', '0', ...flags];
  const child = spawn(process.execPath, args, { env: { ...process.env, LOG_LEVEL: 'info', ...env }, stdio: 'pipe' });
  const ended = endOf(child);
  const lines: { msg: string; port?: number }[] = [];
  const told = new EventEmitter();
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const [last, ...whole] = `${rest}${text}`.split('\n').reverse();
    rest = last!;
    for (const line of whole.reverse()) {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as { msg: string });
      else lines.push({ msg: line });
    }
    told.emit('line');
  });
  const over = ended.then(() => {
    throw new Error(`dicom-listen ended:\n${lines.map(({ msg }) => msg).join('\n')}\n${rest}`);
  });
  over.catch(() => undefined);
  const said = async (message: string, count = 1): Promise<void> => {
    while (lines.filter(({ msg }) => msg === message).length < count) await Promise.race([once(told, 'line'), over]);
  };
  await said(LISTENING);
  return {
    port: lines.find(({ msg }) => msg === LISTENING)!.port!,
    said,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

const LISTENING = 'DICOM associations are accepted';

async function endOf(child: ChildProcess) {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A PACS: dcmtk's archive, with the AE title PACS, which knows us as OSTEOGRAPH. */
export interface TestPacs {
  /** As --from takes it. */
  name: string;
  port: number;
  close(): Promise<void>;
}

/** @param listenerPort where OSTEOGRAPH listens */
export async function startPacs(folder: string, listenerPort: number): Promise<TestPacs> {
  const port = await freePort();
  const [storage, config] = [join(folder, 'pacs'), join(folder, 'dcmqrscp.cfg')];
  await mkdir(storage, { recursive: true });
  await writeFile(
    config,
    `NetworkTCPPort = ${port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
osteograph = (OSTEOGRAPH, 127.0.0.1, ${listenerPort})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PACS ${storage} RW (200, 1024mb) ANY
AETable END
`,
  );
  const child = spawn('dcmqrscp', ['-c', config], { stdio: 'ignore' });
  return onceItAnswers(child, port, []);
}

/** The PACS that a program is, once it answers. */
async function onceItAnswers(child: ChildProcess, port: number, tls: readonly string[]): Promise<TestPacs> {
  const ended = once(child, 'close');
  await answers(port, child, tls);
  return {
    name: `PACS@127.0.0.1:${port}`,
    port,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A program that listens says so nowhere: it is asked until it answers. */
async function answers(port: number, child: ChildProcess, tls: readonly string[]): Promise<void> {
  for (let tries = 100; ; tries--) {
    const answered = await runProgram('echoscu', [...tls, '-aec', 'PACS', '127.0.0.1', String(port)]).then(
      () => true,
      (error: unknown) => {
        if (tries === 0 || child.exitCode !== null) throw error;
        return false;
      },
    );
    if (answered) return;
  }
}

/** dcmtk's storescp, with the AE title PACS: it keeps in a folder what it is sent. */
export async function startStoreScp(
  folder: string,
  options: readonly string[],
  tls: readonly string[] = [],
): Promise<TestPacs> {
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  const child = spawn('storescp', [...tls, ...options, '-aet', 'PACS', '-od', folder, String(port)], {
    stdio: 'ignore',
  });
  return onceItAnswers(child, port, tls);
}
