import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import { packageVersion } from '../domain/package.js';
import { FIRST_QUERY } from './graphiql.js';

/** `GET /`: what this is, what it holds, and the way in. One file, nothing loaded from anywhere else. */
export const landingHandler: RequestHandler = (_request, response) => {
  const nonce = randomBytes(16).toString('base64');
  response
    .set({
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'`,
    })
    .type('html')
    .send(page(nonce));
};

const STYLE = `
  :root { color-scheme: light dark; --ink: #14202b; --soft: #5a6a78; --line: #d9e0e6; --paper: #fbfcfd; --card: #fff; --accent: #0b6e8f; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6edf3; --soft: #93a4b3; --line: #2a3641; --paper: #0f161d; --card: #151e27; --accent: #5cc2e4; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
  main { max-width: 58rem; margin: 0 auto; padding: 4rem 1.5rem 3rem; }
  h1 { margin: 0; font-size: 2.4rem; letter-spacing: -0.02em; }
  h2 { margin: 2.5rem 0 0.75rem; font-size: 1rem; }
  .lead { max-width: 42rem; margin: 0.75rem 0 0; font-size: 1.1rem; color: var(--soft); }
  .counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin-top: 2rem; }
  .counts div { padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; }
  .counts dt { color: var(--soft); font-size: 0.85rem; }
  .counts dd { margin: 0; font-size: 1.7rem; font-weight: 600; font-variant-numeric: tabular-nums; }
  .actions { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 2rem; align-items: center; }
  a { color: var(--accent); }
  .button { padding: 0.6rem 1.2rem; border-radius: 0.5rem; background: var(--accent); color: var(--paper); font-weight: 600; text-decoration: none; }
  .button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  pre { margin: 0; padding: 1rem 1.2rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; font: 13.5px/1.5 ui-monospace, monospace; }
  form { display: flex; gap: 0.5rem; margin-top: 1.5rem; max-width: 42rem; }
  input { flex: 1; padding: 0.55rem 0.8rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--card); color: inherit; font: inherit; }
  button { padding: 0.55rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--card); color: inherit; font: inherit; cursor: pointer; }
  #message { margin-top: 1rem; color: var(--soft); min-height: 1.5em; }
  footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.85rem; }
  [hidden] { display: none; }`;

/** Takes the token from the address once, keeps it in this browser, and asks for the counts with it. */
const SCRIPT = `
  const given = new URLSearchParams(location.search).get('token');
  if (given) {
    localStorage.setItem('osteograph:token', given);
    history.replaceState(null, '', location.pathname);
  }
  document.querySelector('#origin').textContent = location.origin;
  const form = document.querySelector('form');
  const message = document.querySelector('#message');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    localStorage.setItem('osteograph:token', form.token.value.trim());
    show();
  });
  show();

  async function show() {
    const token = localStorage.getItem('osteograph:token');
    if (!token) return ask('Paste a token to see what is here; "osteograph token create" makes one.');
    const query = '{ viewer { name role } participants { totalCount } kneeExams { totalCount }' +
      ' withFilm: kneeExams(where: { hasRadiograph: true }) { totalCount }' +
      ' withMri: kneeExams(where: { hasMri: true }) { totalCount } generations { totalCount } }';
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = await response.json();
    if (!data) return ask(errors[0].message);
    form.hidden = true;
    message.textContent = 'Signed in as ' + data.viewer.name + ' (' + data.viewer.role + ').';
    for (const field of ['participants', 'kneeExams', 'withFilm', 'withMri', 'generations']) {
      const count = data[field].totalCount;
      document.querySelector('#' + field).textContent = count === null ? 'under 5' : count.toLocaleString('en');
    }
  }

  function ask(text) {
    form.hidden = false;
    message.textContent = text;
  }`;

function page(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Osteograph</title>
<style nonce="${nonce}">${STYLE}
</style>
</head>
<body>
<main>
  <h1>Osteograph</h1>
  <p class="lead">A GraphQL research-data platform for knee osteoarthritis imaging. Ask for cohorts by grade, visit and
  participant; turn a knee radiograph into a synthetic MRI volume and watch it arrive slice by slice.</p>
  <dl class="counts">
    <div><dt>Participants</dt><dd id="participants">&ndash;</dd></div>
    <div><dt>Knee exams</dt><dd id="kneeExams">&ndash;</dd></div>
    <div><dt>with radiograph</dt><dd id="withFilm">&ndash;</dd></div>
    <div><dt>with real MRI</dt><dd id="withMri">&ndash;</dd></div>
    <div><dt>Generations</dt><dd id="generations">&ndash;</dd></div>
  </dl>
  <p id="message" role="status"></p>
  <form hidden><input name="token" type="password" autocomplete="off" aria-label="Token" placeholder="osteo_..."><button>Sign in</button></form>
  <p class="actions"><a class="button" href="/graphiql">Open GraphiQL</a><a href="/health/ready">Health</a></p>
  <h2>A first query</h2>
  <pre>${escapeHtml(FIRST_QUERY.trim())}</pre>
  <h2>From a program</h2>
  <pre>curl <span id="origin">http://127.0.0.1:4000</span>/graphql -H "Authorization: Bearer $OSTEOGRAPH_TOKEN" -H "Content-Type: application/json" \\
  -d '{"query":"{ kneeExams(where: {kl: {gte: 2}}) { totalCount } }"}'</pre>
  <footer>Osteograph ${escapeHtml(packageVersion)}. GraphQL over HTTP and WebSocket (graphql-transport-ws) at <code>/graphql</code>.
  Generated images are synthetic and flagged so everywhere.</footer>
</main>
<script nonce="${nonce}">${SCRIPT}
</script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
