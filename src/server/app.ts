import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { RequestHandler, Response } from 'express';
import { UserError } from '../domain/errors.js';
import { packageRoot } from '../domain/package.js';

/** Where the build puts the web app. */
const APP_FOLDER = join(packageRoot, 'dist', 'web');

/** The page that answers every address which no file and no route has. */
const INDEX = '/index.html';

/** Pages of the build that have an address of their own. */
const PAGES: Readonly<Record<string, string>> = { '/graphiql': '/graphiql.html' };

/** Files with a hash in their name; their content never changes. */
const HASHED = /^\/app\//;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * Whatever the app loads comes from here, or not at all. No inline script or style and no eval; `blob:` and `data:` are pictures and
 * workers that the app made itself.
 */
const CONTENT_SECURITY_POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' blob: data:",
  'font-src': "'self'",
  'connect-src': "'self' blob: data:",
  'worker-src': "'self' blob:",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** GraphiQL's editor writes its styles into the page, and its style sheet holds its fonts. */
const GRAPHIQL_SECURITY_POLICY = {
  ...CONTENT_SECURITY_POLICY,
  'style-src': "'self' 'unsafe-inline'",
  'font-src': "'self' data:",
};

interface AppFile {
  bytes: Buffer;
  gzip: Buffer | undefined;
  mediaType: string;
  etag: string;
}

/**
 * The web app: its files, GraphiQL, and its page for every other address that a browser opens, so that deep links work. The files
 * are read once; hashed ones may be kept for ever, the pages are asked for anew each time.
 *
 * @param connectTo other origins that the pages may ask, the identity provider's
 */
export async function webAppHandler(connectTo: () => Promise<readonly string[]>): Promise<RequestHandler> {
  const files = await readFiles(APP_FOLDER);
  return async (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    const named = files.get(request.path);
    if (named && !request.path.endsWith('.html')) {
      return send(response, named, request.headers, HASHED.test(request.path));
    }
    const ownPage = PAGES[request.path];
    // A program that mistypes an address gets JSON; a browser that opens one gets the app, which knows its own addresses.
    const forBrowser = request.headers.accept?.includes('text/html') && !HASHED.test(request.path);
    if (!ownPage && !forBrowser) return next();
    const page = files.get(ownPage ?? INDEX);
    if (!page) return next(new UserError('UNAVAILABLE', 'The web app is not built; "npm run build" builds it.'));
    const own = ownPage ? GRAPHIQL_SECURITY_POLICY : CONTENT_SECURITY_POLICY;
    const policy = { ...own, 'connect-src': [own['connect-src'], ...(await connectTo())].join(' ') };
    response.set({ 'Content-Security-Policy': written(policy), 'Referrer-Policy': 'no-referrer' });
    send(response, page, request.headers, false);
  };
}

function written(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

function send(
  response: Response,
  { bytes, gzip, mediaType, etag }: AppFile,
  headers: IncomingHttpHeaders,
  immutable: boolean,
): void {
  response.set({
    'Cache-Control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Content-Type': mediaType,
    'X-Content-Type-Options': 'nosniff',
    ETag: etag,
    Vary: 'Accept-Encoding',
  });
  if (headers['if-none-match'] === etag) return void response.status(304).end();
  const zipped = gzip !== undefined && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  if (zipped) response.set('Content-Encoding', 'gzip');
  response.send(zipped ? gzip : bytes);
}

/** Files by the path of their address; none when the app is not built. */
async function readFiles(folder: string): Promise<Map<string, AppFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const contents = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return [`/${relative(folder, path).split(sep).join('/')}`, await readFile(path)] as const;
      }),
  );
  const byPath = new Map(contents);
  return new Map(
    contents.flatMap(([path, bytes]) => {
      const mediaType = MEDIA_TYPES[extname(path)];
      if (!mediaType) return [];
      const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
      return [[path, { bytes, gzip: byPath.get(`${path}.gz`), mediaType, etag }]];
    }),
  );
}
