/** How the pixels of a file are packed. */
export type PixelCoding = 'native' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'rle';

interface TransferSyntax {
  readonly name: string;
  readonly coding: PixelCoding;
}

export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const DEFLATED = '1.2.840.10008.1.2.1.99';
export const BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** Every transfer syntax that is read. */
const TRANSFER_SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  [IMPLICIT]: { name: 'implicit little endian', coding: 'native' },
  [EXPLICIT]: { name: 'explicit little endian', coding: 'native' },
  [DEFLATED]: { name: 'deflated explicit little endian', coding: 'native' },
  [BIG_ENDIAN]: { name: 'explicit big endian', coding: 'native' },
  '1.2.840.10008.1.2.4.50': { name: 'JPEG baseline', coding: 'jpeg' },
  '1.2.840.10008.1.2.4.51': { name: 'JPEG extended', coding: 'jpeg' },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG lossless', coding: 'jpeg-lossless' },
  '1.2.840.10008.1.2.4.70': { name: 'JPEG lossless, selection value 1', coding: 'jpeg-lossless' },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS lossless', coding: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS near-lossless', coding: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 lossless', coding: 'jpeg-2000' },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', coding: 'jpeg-2000' },
  '1.2.840.10008.1.2.4.201': { name: 'High-Throughput JPEG 2000 lossless', coding: 'htj2k' },
  '1.2.840.10008.1.2.4.202': { name: 'High-Throughput JPEG 2000 lossless, RPCL', coding: 'htj2k' },
  '1.2.840.10008.1.2.4.203': { name: 'High-Throughput JPEG 2000', coding: 'htj2k' },
  '1.2.840.10008.1.2.5': { name: 'RLE', coding: 'rle' },
};

export function transferSyntax(uid: string): TransferSyntax | undefined {
  return TRANSFER_SYNTAXES[uid];
}
