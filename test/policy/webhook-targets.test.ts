import { NO_INSIDE_WEBHOOKS, requireReachable, type WebhookRules, webhookTarget } from '../../src/policy/index.js';

const url = (host: string) => new URL(`https://${host}/hook`);

describe('addresses that a host resolves to', () => {
  test.each([
    ['8.8.8.8'],
    ['93.184.216.34'],
    ['2606:4700::1111'],
    ['::ffff:8.8.8.8'], // IPv4 in IPv6
  ])('%s is public', (address) => {
    expect(() => requireReachable(address, url('hooks.example.org'), NO_INSIDE_WEBHOOKS)).not.toThrow();
  });

  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.8.9.10', 'loopback'],
    ['0.0.0.0', 'this machine'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'of a carrier'],
    ['169.254.169.254', 'metadata of a cloud'],
    ['168.63.129.16', 'metadata of Azure'],
    ['100.100.100.200', 'metadata of Alibaba'],
    ['fd00:ec2::254', 'metadata of EC2'],
    ['192.0.2.1', 'of documentation'],
    ['198.18.0.1', 'of benchmarks'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['::1', 'loopback'],
    ['::', 'this machine'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fc00::1', 'unique local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'loopback in IPv6'],
    ['::ffff:7f00:1', 'loopback in IPv6, hexadecimal'],
    ['::ffff:0:127.0.0.1', 'loopback, translated'],
    ['::127.0.0.1', 'loopback, compatible'],
    ['64:ff9b::7f00:1', 'loopback by NAT64'],
    ['64:ff9b:1::a00:1', 'private by a local NAT64'],
    ['2002:7f00:1::', 'loopback by 6to4'],
    ['2001:0:1::', 'Teredo'],
    ['2001:db8::1', 'of documentation'],
    ['100::1', 'discarded'],
    ['4000::1', 'given out to nobody'],
    ['not an address', 'nonsense'],
  ])('%s (%s) is not', (address) => {
    expect(() => requireReachable(address, url('hooks.example.org'), NO_INSIDE_WEBHOOKS)).toThrow(
      'hooks.example.org has an address that is not public, so nothing is sent there (--webhook-allow-host).',
    );
  });

  test('a host that is allowed may be inside, but never metadata or link-local', () => {
    const rules: WebhookRules = { allowHttp: false, allowHosts: ['hooks.internal'] };
    for (const address of ['10.1.2.3', '127.0.0.1', 'fc00::1', '100.64.0.1', '8.8.8.8']) {
      expect(() => requireReachable(address, url('hooks.internal'), rules)).not.toThrow();
      if (address !== '8.8.8.8') expect(() => requireReachable(address, url('other.internal'), rules)).toThrow();
    }
    for (const address of ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', 'fe80::1', '224.0.0.1', '0.0.0.0']) {
      expect(() => requireReachable(address, url('hooks.internal'), rules)).toThrow('not public');
    }
  });
});

describe('addresses of webhooks', () => {
  const allowing: WebhookRules = { allowHttp: true, allowHosts: ['hooks.internal', '10.0.0.7:9000', '[::1]:9000'] };

  test.each([
    ['https://hooks.example.org/osteograph?team=a'],
    ['https://hooks.example.org:8443/'],
    ['https://8.8.8.8/'],
  ])('%s is taken everywhere', (text) => {
    expect(webhookTarget(text, NO_INSIDE_WEBHOOKS).href).toBe(text);
  });

  test.each([
    ['http://hooks.internal/'],
    ['http://10.0.0.7:9000/hook'],
    ['https://10.0.0.7:9000/hook'],
    ['https://[::1]:9000/hook'],
  ])('%s is taken where it is allowed', (text) => {
    expect(webhookTarget(text, allowing).href).toBe(text);
    expect(() => webhookTarget(text, NO_INSIDE_WEBHOOKS)).toThrow();
  });

  test.each([
    ['nonsense', /^url must be an address such as https/],
    ['ftp://hooks.example.org/', /^url must be an address such as https/],
    ['file:///etc/passwd', /^url must be an address such as https/],
    [`https://hooks.example.org/${'a'.repeat(2_000)}`, /of at most 2000 characters/],
    ['http://hooks.example.org/', /^url must begin with https/],
    ['https://me:secret@hooks.example.org/', /^url must have no user name/],
    ['https://hooks.example.org:22/', /^url has the port 22; 443 and 8443 are allowed/],
    ['https://127.0.0.1/', /^127\.0\.0\.1 has an address that is not public/],
    ['https://2130706433/', /^127\.0\.0\.1 has an address that is not public/],
    ['https://0x7f.1/', /^127\.0\.0\.1 has an address that is not public/],
    ['https://0177.0.0.1/', /^127\.0\.0\.1 has an address that is not public/],
    ['https://[::ffff:169.254.169.254]/', /has an address that is not public/],
    ['https://[fd00:ec2::254]/', /has an address that is not public/],
  ])('%s is refused', (text, sentence) => {
    expect(() => webhookTarget(text, NO_INSIDE_WEBHOOKS)).toThrow(sentence);
  });

  test('what follows # goes nowhere and is left out', () => {
    expect(webhookTarget('https://hooks.example.org/#part', NO_INSIDE_WEBHOOKS).href).toBe(
      'https://hooks.example.org/',
    );
  });
});
