import { BlockList, isIP } from 'node:net';
import { UserError } from '../../domain/errors.js';

/** Who may open an association: an AE title, and where it must be. */
export interface Caller {
  aeTitle: string;
  /** An address, or a network such as 10.0.0.0/24; null for anywhere. */
  network: string | null;
}

/**
 * A caller as it is written: `PACS1`, `PACS1@10.0.0.5` or `PACS1@10.0.0.0/24`.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parseCaller(text: string): Caller {
  const at = text.indexOf('@');
  const [aeTitle, network] = at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
  requireAeTitle(aeTitle);
  if (network !== null) blockListOf(network);
  return { aeTitle, network };
}

/** @throws UserError BAD_USER_INPUT for what is no AE title (PS3.5, 6.2): 1 to 16 characters without backslash */
export function requireAeTitle(text: string): void {
  if (/^[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?$/.test(text)) return;
  throw new UserError(
    'BAD_USER_INPUT',
    `${JSON.stringify(text)} is no AE title: 1 to 16 characters, no backslash, no blank at its ends.`,
  );
}

/** Tells whether an address may open an association at all, and whether it may under an AE title. */
export function openCallers(callers: readonly Caller[]): {
  isHost(address: string): boolean;
  isCaller(aeTitle: string, address: string): boolean;
} {
  const entries = callers.map(({ aeTitle, network }) => ({
    aeTitle,
    list: network === null ? null : blockListOf(network),
  }));
  const within = (list: BlockList | null, address: string) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    return list === null || list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    isHost: (address) => entries.some(({ list }) => within(list, address)),
    isCaller: (title, address) => entries.some(({ aeTitle, list }) => aeTitle === title && within(list, address)),
  };
}

function blockListOf(network: string): BlockList {
  const [address = '', prefix, ...more] = network.split('/');
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  if (version === 0 || more.length > 0 || (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && +prefix <= most))) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${JSON.stringify(network)} is no address: write 10.0.0.5, or a network such as 10.0.0.0/24.`,
    );
  }
  const list = new BlockList();
  list.addSubnet(address, prefix === undefined ? most : Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
  return list;
}
