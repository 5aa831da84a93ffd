import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

/** A real S3 server in a process of its own, with the bucket "faults". */
export interface S3Server {
  port: number;
  stop(): void;
}

/** A Python that has moto's server: OSTEOGRAPH_PYTHON or python3; undefined without one. */
export function pythonWithMoto(): string | undefined {
  const python = process.env['OSTEOGRAPH_PYTHON'] ?? 'python3';
  try {
    execFileSync(python, ['-c', 'import moto.server, flask_cors'], { stdio: 'ignore' });
    return python;
  } catch {
    return undefined;
  }
}

export async function startS3(): Promise<S3Server> {
  const credentials = { accessKeyId: 'osteograph', secretAccessKey: 'osteograph-test' };
  process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
  const server = startMoto(pythonWithMoto()!);
  const port = await server.port;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: 'faults' }));
  client.destroy();
  return { port, stop: () => void server.process.kill('SIGKILL') };
}

/** moto's server on a free port of this host. */
export function startMoto(python: string): { process: ChildProcess; port: Promise<number> } {
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const port = new Promise<number>((resolve, reject) => {
    let log = '';
    // Its log, a line for each request, is read to the end: with a full pipe it answers nobody any more.
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      const found = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found) resolve(Number(found));
    });
    server.once('exit', () => reject(new Error(`moto did not start:\n${log}`)));
  });
  return { process: server, port };
}
