import { fromBuffer } from 'yauzl';
import { zipPieces } from '../../src/services/files/index.js';

/** The files of a zip archive by their paths. */
export function unzipped(zip: Buffer): Promise<Map<string, Buffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, Buffer>>();
  const files = new Map<string, Buffer>();
  fromBuffer(zip, { lazyEntries: true }, (error, archive) => {
    if (error) return reject(error);
    archive.on('entry', (entry: { fileName: string }) => {
      archive.openReadStream(entry as never, (fault, stream) => {
        if (fault) return reject(fault);
        void stream.toArray().then((pieces) => {
          files.set(entry.fileName, Buffer.concat(pieces as Buffer[]));
          archive.readEntry();
        });
      });
    });
    archive.on('end', () => resolve(files));
    archive.readEntry();
  });
  return promise;
}

/** A zip archive of texts by their paths. */
export async function zipped(texts: Readonly<Record<string, string>>): Promise<Buffer> {
  const files = Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const pieces: Buffer[] = [];
  for await (const piece of zipPieces(files)) pieces.push(piece);
  return Buffer.concat(pieces);
}
