import { randomBytes } from 'node:crypto';
import { JsonContains } from 'typeorm';
import { AuditEntry } from '../../src/entities/index.js';
import type { Asset } from '../../src/entities/index.js';
import { createAssetUrls } from '../../src/services/files/asset-urls.js';
import { storeAsset } from '../../src/storage/index.js';
import { untilWaiting } from '../helpers/locks.js';
import { pythonWithMoto, startS3, type TestS3 } from '../helpers/s3.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

/** The reader's token of a test's server. */
const READER = { tokenId: 2, role: 'READER' } as const;

for (const kind of ['a directory', 'a bucket']) {
  (kind === 'a bucket' && !pythonWithMoto ? describe.skip : describe)(`assets in ${kind}`, () => {
    let api: TestServer;
    let s3: TestS3 | undefined;
    let bytes: Buffer;
    let asset: Asset;
    let url: string;

    beforeAll(async () => {
      if (kind === 'a bucket') s3 = await startS3();
      api = await startTestServer({ blobUrl: await s3?.blobUrl() });
      bytes = randomBytes(300_000);
      asset = await storeAsset(api.dataSource.manager, api.store, bytes, 'image/png');
      const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
      await api.make.radiograph(exam, { assetId: asset.id });
      const answer = await api.ask<{ kneeExams: { nodes: { radiograph: { image: { url: string } } }[] } }>(
        '{ kneeExams { nodes { radiograph { image { url expiresAt mediaType bytes sha256 } } } } }',
      );
      url = api.url + answer.data!.kneeExams.nodes[0]!.radiograph.image.url;
    });

    afterAll(async () => {
      await api.close();
      await s3?.stop();
    });

    test('a signed URL gives the bytes, with what a cache needs', async () => {
      const response = await fetch(url);

      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-length': '300000',
        'accept-ranges': 'bytes',
        etag: `"${asset.sha256}"`,
        'cache-control': 'private, max-age=31536000, immutable',
      });
    });

    test('asking twice gives one URL, so that browsers can cache', async () => {
      const urls = await createAssetUrls(api.dataSource, Date.now);

      expect(urls.sign(asset.sha256, READER).url).toBe(urls.sign(asset.sha256, READER).url);
      expect(urls.sign(asset.sha256, READER).expiresAt.getTime() - Date.now()).toBeGreaterThan(3_600_000 - 5_000);
    });

    test.each([
      ['the first bytes', 'bytes=0-99', 0, 100],
      ['the middle', 'bytes=1000-1999', 1000, 2000],
      ['the rest', 'bytes=299900-', 299_900, 300_000],
      ['the last bytes', 'bytes=-50', 299_950, 300_000],
    ])('a range of %s', async (_name, range, start, end) => {
      const response = await fetch(url, { headers: { range } });

      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/300000`);
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true);
    });

    test('a range outside the file is 416, several ranges give the whole', async () => {
      const outside = await fetch(url, { headers: { range: 'bytes=300000-' } });
      const several = await fetch(url, { headers: { range: 'bytes=0-1,5-6' } });

      expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
      expect([several.status, (await several.arrayBuffer()).byteLength]).toEqual([200, 300_000]);
    });

    test('a range of another version of the file gives the whole', async () => {
      const stale = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
      const same = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': `"${asset.sha256}"` } });

      expect([stale.status, same.status]).toEqual([200, 206]);
      await Promise.all([stale.arrayBuffer(), same.arrayBuffer()]);
    });

    test.each([
      ['a list', () => `"abc", "${asset.sha256}"`],
      ['a weak tag', () => `W/"${asset.sha256}"`],
      ['any', () => '*'],
    ])('who has it already gets 304: %s', async (_name, tags) => {
      const response = await fetch(url, { headers: { 'if-none-match': tags(), range: 'bytes=0-9' } });

      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(`"${asset.sha256}"`);
      expect(await response.text()).toBe('');
    });

    test('If-Range takes neither a weak tag nor a date for the file that is meant', async () => {
      for (const validator of [`W/"${asset.sha256}"`, new Date().toUTCString()]) {
        const response = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': validator } });

        expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 300_000]);
      }
    });

    test.each([undefined, 'bytes=0-9'])(
      'HEAD tells the size of the whole and sends nothing (Range: %s)',
      async (range) => {
        const response = await fetch(url, { method: 'HEAD', headers: range ? { range } : {} });

        expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
          200,
          '300000',
          '',
        ]);
        expect(response.headers.get('etag')).toBe(`"${asset.sha256}"`);
      },
    );

    test.each([
      ['another signature', (query: URLSearchParams) => query.set('signature', randomBytes(32).toString('base64url'))],
      ['no signature', (query: URLSearchParams) => query.delete('signature')],
      ['a later expiry', (query: URLSearchParams) => query.set('expires', String(Number(query.get('expires')) + 1))],
      ['an expiry that is no number', (query: URLSearchParams) => query.set('expires', '1e99')],
      ['another token', (query: URLSearchParams) => query.set('token', '999')],
      ['a higher role', (query: URLSearchParams) => query.set('role', 'OPERATOR')],
      ['no role', (query: URLSearchParams) => query.delete('role')],
    ])('a URL with %s is refused', async (_name, tamper) => {
      const tampered = new URL(url);
      tamper(tampered.searchParams);

      const response = await fetch(tampered);

      expect(response.status).toBe(403);
      expect(response.headers.get('etag')).toBeNull();
      expect(await response.json()).toMatchObject({
        errors: [
          {
            message: 'The signature of this URL is wrong; ask the API for a new URL.',
            extensions: { code: 'FORBIDDEN' },
          },
        ],
      });
    });

    test('the signature of one asset does not open another', async () => {
      const other = await storeAsset(api.dataSource.manager, api.store, Buffer.from('other'), 'image/png');

      expect((await fetch(url.replace(asset.sha256, other.sha256))).status).toBe(403);
    });

    test('a URL ends when it expires', async () => {
      const earlier = await createAssetUrls(api.dataSource, () => Date.now() - 3 * 3_600_000);

      const response = await fetch(api.url + earlier.sign(asset.sha256, READER).url);

      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'This URL has expired; ask the API for a new one.' }],
      });
    });

    test.each(['../../../etc/passwd', '%2e%2e%2fetc%2fpasswd', 'ABC', '0'.repeat(63)])(
      'the path /assets/%s finds nothing',
      async (path) => {
        const response = await fetch(`${api.url}/assets/${path}${new URL(url).search}`);

        expect(response.status).toBe(404);
      },
    );

    test('a blob that is gone is a clear 503, not half a file', async () => {
      const lost = await storeAsset(api.dataSource.manager, api.store, Buffer.from('soon gone'), 'image/png');
      await api.store.delete(lost.storageKey);
      const urls = await createAssetUrls(api.dataSource, Date.now);

      const response = await fetch(api.url + urls.sign(lost.sha256, READER).url);

      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'The file of this asset is not in the blob store.', extensions: { code: 'UNAVAILABLE' } }],
      });
      expect((await fetch(response.url, { method: 'HEAD' })).status).toBe(503);
    });

    if (kind === 'a bucket') {
      test('a store that does not answer is a clear 503', async () => {
        await s3!.cut();
        const response = await fetch(url);
        await s3!.mend();

        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({
          errors: [
            { message: expect.stringContaining('does not answer') as string, extensions: { code: 'UNAVAILABLE' } },
          ],
        });
        expect((await fetch(url)).status).toBe(200);
      });
    }

    test('each download leaves an audit row that says whose URL it was', async () => {
      await (await fetch(url, { headers: { range: 'bytes=5-9' } })).arrayBuffer();

      const row = await rowOf({ start: 5, end: 9 });
      expect(row!.target).toBe(asset.sha256);
      expect(row!.tokenId).toBe(Number(new URL(url).searchParams.get('token')));
    });

    test('the row is there before the last byte, so that no download goes without', async () => {
      // More than sockets hold: it cannot be sent before somebody reads it.
      const large = await storeAsset(api.dataSource.manager, api.store, Buffer.alloc(64_000_000), 'image/png');
      const urls = await createAssetUrls(api.dataSource, Date.now);

      const response = await fetch(api.url + urls.sign(large.sha256, READER).url, {
        headers: { range: 'bytes=1-63999999' },
      });

      expect(await rowOf({ start: 1, end: 63_999_999 })).toMatchObject({ target: large.sha256 });
      await response.body!.cancel();
    });

    test('a file that is removed as a download begins is not found, and no row names it afterwards', async () => {
      const removed = await storeAsset(api.dataSource.manager, api.store, Buffer.from('removed'), 'image/png');
      const urls = await createAssetUrls(api.dataSource, Date.now);
      const removing = api.dataSource.createQueryRunner();
      await removing.startTransaction();
      await removing.query('DELETE FROM asset WHERE id = $1', [removed.id]);

      const download = fetch(api.url + urls.sign(removed.sha256, READER).url, { headers: { range: 'bytes=2-3' } });
      await untilWaiting(api.dataSource);
      await removing.commitTransaction();
      await removing.release();

      const response = await download;
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { errors: [{ message: 'What this address named has just been removed.', extensions: { code: 'NOT_FOUND' } }] },
      ]);
      expect(await rowOf({ start: 2, end: 3 })).toBeNull();
    });

    /** The audit row of the last download of these bytes. */
    function rowOf(range: { start: number; end: number }): Promise<AuditEntry | null> {
      const where = { action: 'asset.download', detail: JsonContains(range) };
      return api.dataSource.getRepository(AuditEntry).findOne({ where, order: { id: 'DESC' } });
    }
  });
}
