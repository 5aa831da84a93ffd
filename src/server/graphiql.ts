import type { RequestHandler } from 'express';
import { ruruHTML } from 'ruru/server';
import { getStaticFile } from 'ruru/static';

/** Where GraphiQL's own files are served. */
const STATIC_PATH = '/graphiql/static/';

/** First query of whoever opens GraphiQL. */
export const FIRST_QUERY = `# Knees with KL 2 or 3 at baseline, the worst first.
query FirstPage {
  kneeExams(
    where: { visit: { eq: V00 }, kl: { in: [2, 3] } }
    orderBy: [{ field: KL, direction: DESC }]
    first: 5
  ) {
    totalCount
    nodes {
      kl
      side
      participant { oaiId sex }
      visit { code age bmi }
      radiograph { view image { url } }
      mriSeries { sequence sliceCount }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

/** Keeps the page honest: whatever it loads comes from here, or not at all. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self' ws: wss:",
].join('; ');

/**
 * Runs before GraphiQL does: takes the token from the address, or the one that was kept, and puts it into the headers editor,
 * whose headers go out with every operation and with the WebSocket's connection_init. GraphiQL asks for the schema without
 * them; that request gets the token here.
 */
const TOKEN_SCRIPT = `<script>
  {
    const given = new URLSearchParams(location.search).get('token');
    if (given) {
      localStorage.setItem('osteograph:token', given);
      history.replaceState(null, '', location.pathname);
    }
    const token = given ?? localStorage.getItem('osteograph:token');
    const headers = JSON.stringify({ authorization: 'Bearer ' + (token ?? '<token>') }, null, 2);
    Object.assign(RURU_CONFIG, {
      initialHeaders: headers,
      defaultHeaders: headers,
      defaultQuery: ${JSON.stringify(FIRST_QUERY)},
      debugTools: [],
    });
    const send = window.fetch;
    window.fetch = (input, init = {}) => {
      const own = new Headers(init.headers);
      if (token && !own.has('authorization')) own.set('authorization', 'Bearer ' + token);
      return send(input, { ...init, headers: own });
    };
  }
</script>`;

const PAGE = ruruHTML({
  staticPath: STATIC_PATH,
  endpoint: '/graphql',
  subscriptionEndpoint: '/graphql',
  htmlParts: {
    titleTag: '<title>Osteograph - GraphiQL</title>',
    configScript: (original) => original + TOKEN_SCRIPT,
  },
});

/** `GET /graphiql`: GraphiQL with everything it needs, from this server alone. */
export const graphiqlHandler: RequestHandler = (_request, response) => {
  response
    .set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Referrer-Policy': 'no-referrer',
    })
    .type('html')
    .send(PAGE);
};

/** `GET /graphiql/static/...`: its scripts, styles and fonts. */
export const graphiqlStaticHandler: RequestHandler = async (request, response, next) => {
  const acceptEncoding = request.headers['accept-encoding'];
  const file = await getStaticFile({
    staticPath: STATIC_PATH,
    urlPath: request.originalUrl,
    acceptEncoding: Array.isArray(acceptEncoding) ? acceptEncoding.join(',') : acceptEncoding,
    disallowDevAssets: true,
  });
  if (!file) return next();
  if (request.headers['if-none-match'] === file.headers.etag) return void response.status(304).end();
  response.set(file.headers).send(file.content);
};
