import { spawnSync } from 'node:child_process';

/** Hosts of a network of our own: Linux, root and iproute2 are needed. */
export const canMakeNetworks =
  process.platform === 'linux' && spawnSync('ip', ['netns', 'list']).status === 0 && trial();

/** A small network: this machine, a router, and hosts behind it, each a namespace of its own. */
export interface TestNetwork {
  /** Address by which the hosts reach this machine. */
  address: string;
  /** A command line's beginning that runs the rest on a host. */
  on(host: string): readonly string[];
  /** From now on the router drops what goes to or comes from a host, without a word to either side. */
  cut(host: string): void;
  heal(host: string): void;
  remove(): void;
}

/** @param hosts their names, at most 4 letters each */
export function makeNetwork(hosts: readonly string[]): TestNetwork {
  const mark = `og${process.pid % 100_000}`;
  const router = `${mark}-router`;
  const space = (host: string) => `${mark}-${host}`;
  const block = 1 + (process.pid % 200);
  const net = (link: number) => `10.${block}.${link}`;
  const removed: string[][] = [];
  const remove = () => {
    for (const command of removed.reverse()) spawnSync('ip', command);
  };
  try {
    addSpace(router);
    // This machine is 10.x.0.1, the router 10.x.0.2; host n is 10.x.n.1.
    connect({ name: `${mark}u`, address: `${net(0)}.1` }, { space: router, name: 'wan', address: `${net(0)}.2` });
    ip(['route', 'add', `10.${block}.0.0/16`, 'via', `${net(0)}.2`]);
    must(['ip', 'netns', 'exec', router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    hosts.forEach((host, index) => {
      const link = index + 1;
      addSpace(space(host));
      connect(
        { space: router, name: `to${link}`, address: `${net(link)}.2` },
        { space: space(host), name: 'eth0', address: `${net(link)}.1` },
      );
      ip(['-n', space(host), 'link', 'set', 'lo', 'up']);
      ip(['-n', space(host), 'route', 'add', 'default', 'via', `${net(link)}.2`]);
    });
  } catch (error) {
    remove();
    throw error;
  }
  // A more specific route than the link's own.
  const hole = (host: string) => ['blackhole', `${net(1 + hosts.indexOf(host))}.1/32`];
  const from = (host: string) => ['from', `${net(1 + hosts.indexOf(host))}.1`, 'blackhole'];
  return {
    address: `${net(0)}.1`,
    on: (host) => ['ip', 'netns', 'exec', space(host)],
    cut(host) {
      ip(['-n', router, 'route', 'add', ...hole(host)]);
      ip(['-n', router, 'rule', 'add', ...from(host)]);
    },
    heal(host) {
      ip(['-n', router, 'rule', 'del', ...from(host)]);
      ip(['-n', router, 'route', 'del', ...hole(host)]);
    },
    remove,
  };

  function addSpace(name: string): void {
    ip(['netns', 'add', name]);
    removed.push(['netns', 'del', name]);
  }

  function connect(near: End, far: End): void {
    ip([
      'link',
      'add',
      near.name,
      ...(near.space ? ['netns', near.space] : []),
      'type',
      'veth',
      'peer',
      'name',
      far.name,
      'netns',
      far.space!,
    ]);
    if (!near.space) removed.push(['link', 'del', near.name]);
    for (const { space, name, address } of [near, far]) {
      const where = space ? ['-n', space] : [];
      ip([...where, 'addr', 'add', `${address}/24`, 'dev', name]);
      ip([...where, 'link', 'set', name, 'up']);
    }
  }
}

interface End {
  space?: string;
  name: string;
  address: string;
}

function ip(args: readonly string[]): void {
  must(['ip', ...args]);
}

function must([program, ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(program!, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** Whether namespaces, links, routes and rules can be made here: a container's root often may not. */
function trial(): boolean {
  try {
    makeNetwork(['try']).remove();
    return true;
  } catch {
    return false;
  }
}
