import { lookup as systemLookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { UserError } from '../domain/errors.js';
import { requireReachable, type WebhookRules, webhookTarget } from '../policy/index.js';
import type { PostWebhook, WebhookAnswer } from '../services/webhooks/index.js';

/** How long a receiver may take, from the look-up of its name to its answer, ms. */
const PATIENCE_MS = 10_000;

/** How long the rest of an answer is waited for once its status is there, ms: nobody else's messages wait for it. */
const REST_MS = 1_000;

/** What is kept of an answer, bytes. */
const KEPT = 1_024;

/**
 * Sends messages to webhooks, each over a connection of its own. The address that a name resolves to is checked where it is connected to, so that
 * a name which changes its address in between leads nowhere else. No redirect is followed.
 *
 * @param lookup resolves names; default: as the system does
 */
export function webhookPost(rules: WebhookRules, lookup = systemLookup as LookupFunction): PostWebhook {
  return async (address, { headers, body }, signal) => {
    const url = webhookTarget(address, rules);
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const answered = Promise.withResolvers<IncomingMessage>();
    const sent = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      lookup: checkedLookup(url, rules, lookup),
      signal: AbortSignal.any([patience, signal]),
    });
    sent.on('response', answered.resolve);
    sent.on('error', answered.reject);
    sent.end(body);
    try {
      return await answerOf(await answered.promise);
    } catch (error) {
      signal.throwIfAborted();
      // Names lead elsewhere for a while, behind a captive portal or where a record is mistyped: tried again, as one that is away.
      if (error instanceof UserError) throw new UserError('UNAVAILABLE', error.message, { cause: error });
      const why = patience.aborted
        ? `did not answer within ${PATIENCE_MS / 1_000} s`
        : `cannot be reached${codeOf(error)}`;
      throw new UserError('UNAVAILABLE', `The receiver ${why}.`, { cause: error });
    } finally {
      sent.destroy();
    }
  };
}

/** Resolves a name, and refuses it for any address that nothing may be sent to. */
function checkedLookup(url: URL, rules: WebhookRules, lookup: LookupFunction): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '');
      const addresses = found as unknown as { address: string; family: number }[];
      try {
        for (const { address } of addresses) requireReachable(address, url, rules);
      } catch (refusal) {
        return done(refusal as Error, '');
      }
      const [first] = addresses;
      if (options.all) return done(null, addresses);
      return first ? done(null, first.address, first.family) : done(new Error('no address'), '');
    });
  };
}

/** The status, which is the answer, with the beginning of the rest as far as it comes. */
async function answerOf(response: IncomingMessage): Promise<WebhookAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const enough = setTimeout(() => response.destroy(), REST_MS);
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= KEPT) break;
    }
  } catch {
    // Broken off: who has answered has answered.
  } finally {
    clearTimeout(enough);
  }
  const body = Buffer.concat(chunks).subarray(0, KEPT).toString('utf8').replaceAll('\0', '');
  return { status: response.statusCode ?? 0, body };
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? ` (${code})` : '';
}
