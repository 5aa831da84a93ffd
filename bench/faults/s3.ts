import { execFileSync, spawn } from 'node:child_process';
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
  const server = spawn(pythonWithMoto()!, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  for await (const text of server.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += text as string;
    const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    if (!port) continue;
    server.stderr.resume();
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: 'faults' }));
    client.destroy();
    return { port: Number(port), stop: () => void server.kill('SIGKILL') };
  }
  throw new Error(`moto did not start:\n${log}`);
}
