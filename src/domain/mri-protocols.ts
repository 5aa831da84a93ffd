import { SIDES, type Side } from './participants.js';

/** Series of OAI's protocol for knees, by what their descriptions say beside the side, and `OTHER` for all else. */
export const MRI_PROTOCOLS = [
  'COR_T1_3D_FLASH',
  'SAG_3D_DESS',
  'COR_IW_TSE',
  'SAG_IW_TSE',
  'SAG_T2_MAP',
  'COR_MPR',
  'AX_MPR',
  'OTHER',
] as const;
export type MriProtocol = (typeof MRI_PROTOCOLS)[number];

/** A description such as `SAG_3D_DESS_LEFT`, taken apart. The side is that of the words; null where they say none. */
export function protocolOf(sequence: string): { protocol: MriProtocol; side: Side | null } {
  const side = Object.values(SIDES).find((one) => sequence.endsWith(`_${one}`)) ?? null;
  const name = side ? sequence.slice(0, -side.length - 1) : sequence;
  return { protocol: MRI_PROTOCOLS.find((one) => one === name) ?? 'OTHER', side };
}

/** SQL of the protocol of a description. */
export function protocolSql(sequence: string): string {
  const known = MRI_PROTOCOLS.filter((protocol) => protocol !== 'OTHER').map((protocol) => `'${protocol}'`);
  const name = `regexp_replace(${sequence}, '_(${Object.values(SIDES).join('|')})$', '')`;
  return `(CASE WHEN ${name} IN (${known.join(', ')}) THEN ${name} ELSE 'OTHER' END)`;
}

/** SQL of the side that a description ends with; null where it says none. */
export function sideSql(sequence: string): string {
  return `substring(${sequence} FROM '_(${Object.values(SIDES).join('|')})$')`;
}
