import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { TestPacs } from './dicom-process.js';
import { runProgram } from './program.js';

/** Certificates of an authority for 127.0.0.1 and for a caller, and one of another authority. */
export interface TlsTestFiles {
  ca: string;
  /** Of the machine that listens, for 127.0.0.1. */
  server: { cert: string; key: string };
  /** Of whoever calls. */
  client: { cert: string; key: string };
  /** Of a stranger whom the authority does not know. */
  stranger: { cert: string; key: string };
}

/** Makes them by openssl. */
export async function makeTlsFiles(folder: string): Promise<TlsTestFiles> {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => runProgram('openssl', args);
  const authority = async (name: string) => {
    await openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
    );
  };
  const signed = async (name: string, by: string) => {
    const [cert, key, asked] = [at(`${name}.pem`), at(`${name}.key`), at(`${name}.csr`)];
    await openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', asked);
    await openssl(
      ...['x509', '-req', '-in', asked, '-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-CAcreateserial'],
      ...['-days', '2', '-extfile', at('names'), '-out', cert],
    );
    return { cert, key };
  };
  await writeFile(at('names'), 'subjectAltName = IP:127.0.0.1\n');
  await authority('ca');
  await authority('other');
  return {
    ca: at('ca.pem'),
    server: await signed('server', 'ca'),
    client: await signed('client', 'ca'),
    stranger: await signed('stranger', 'other'),
  };
}

/** What hospitals put in front of a PACS that speaks no TLS: takes it off, and asks for a certificate of the authority. */
export async function startTlsFront({ port: behind }: TestPacs, { ca, server: own }: TlsTestFiles): Promise<TestPacs> {
  const [cert, key, authority] = await Promise.all([own.cert, own.key, ca].map((file) => readFile(file)));
  const front = createServer({ cert, key, ca: authority, requestCert: true, rejectUnauthorized: true }, (socket) => {
    const inner = connect(behind, '127.0.0.1');
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  return {
    name: `PACS@127.0.0.1:${port}`,
    port,
    async close() {
      front.close();
      await once(front, 'close');
    },
  };
}
