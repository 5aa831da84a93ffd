import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { UserError } from '../domain/errors.js';

/** Where webhooks may lead beside public addresses. */
export interface WebhookRules {
  /** Also without TLS. */
  allowHttp: boolean;
  /** Hosts whose addresses may be private, as addresses of webhooks name them; with a port, as "10.0.0.7:9000", at that port too. */
  allowHosts: readonly string[];
}

export const NO_INSIDE_WEBHOOKS: WebhookRules = { allowHttp: false, allowHosts: [] };

const PORTS: Readonly<Record<string, readonly number[]>> = { 'https:': [443, 8443], 'http:': [80, 8080] };

const MAX_URL = 2_000;

/** Ranges within a machine or a network of one's own, for hosts that are allowed by name. */
const INSIDE = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'];

/** Public by their range, but answered inside of a cloud by what manages it. */
const METADATA = ['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'];

/** Of IPv6 only this part is given out for the public Internet. */
const PUBLIC_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * Reads the address of a webhook.
 *
 * @throws UserError BAD_USER_INPUT for one that nothing may be sent to, whatever its host resolves to
 */
export function webhookTarget(text: string, rules: WebhookRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const ports = PORTS[url?.protocol ?? ''];
  if (!url || !ports || text.length > MAX_URL) {
    throw refused(
      `url must be an address such as https://hooks.example.org/osteograph, of at most ${MAX_URL} characters.`,
    );
  }
  if (url.protocol === 'http:' && !rules.allowHttp) {
    throw refused('url must begin with https: this server sends nothing without TLS (--webhook-allow-http).');
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('url must have no user name and no password; messages are signed instead.');
  }
  const port = portOf(url);
  if (!ports.includes(port) && !rules.allowHosts.includes(`${url.hostname}:${port}`)) {
    throw refused(`url has the port ${port}; ${ports.join(' and ')} are allowed (--webhook-allow-host HOST:PORT).`);
  }
  const host = hostOf(url);
  if (isIP(host) !== 0) requireReachable(host, url, rules);
  url.hash = '';
  return url;
}

/**
 * Refuses an address to which the host of a webhook has resolved, unless it is public, or its host is allowed to be inside. To be asked of the very
 * address that is then connected to: a name may resolve to another one the next moment.
 *
 * @throws UserError CONFLICT
 */
export function requireReachable(address: string, url: URL, { allowHosts }: WebhookRules): void {
  const ip = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
  const range = ip?.range();
  const isPublic = range === 'unicast' && (ip!.kind() === 'ipv4' || ip!.match(PUBLIC_IPV6));
  const isAllowed = [url.hostname, `${url.hostname}:${portOf(url)}`].some((host) => allowHosts.includes(host));
  const isMetadata = METADATA.some((one) => ip?.toString() === ipaddr.parse(one).toString());
  if (!isMetadata && (isPublic || (isAllowed && INSIDE.includes(range ?? '')))) return;
  throw new UserError(
    'CONFLICT',
    `${url.hostname} has an address that is not public, so nothing is sent there${isAllowed ? '' : ' (--webhook-allow-host)'}.`,
  );
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? PORTS[protocol]![0]! : Number(port);
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function refused(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}
