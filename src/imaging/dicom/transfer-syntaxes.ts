/** How the pixels of a file are packed. */
export type PixelCoding = 'native' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'rle';

interface TransferSyntax {
  readonly name: string;
  readonly coding: PixelCoding;
}

/** Every transfer syntax that is read. */
const TRANSFER_SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  '1.2.840.10008.1.2': { name: 'implicit little endian', coding: 'native' },
  '1.2.840.10008.1.2.1': { name: 'explicit little endian', coding: 'native' },
  '1.2.840.10008.1.2.1.99': { name: 'deflated explicit little endian', coding: 'native' },
  '1.2.840.10008.1.2.2': { name: 'explicit big endian', coding: 'native' },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG lossless', coding: 'jpeg-lossless' },
  '1.2.840.10008.1.2.4.70': { name: 'JPEG lossless, selection value 1', coding: 'jpeg-lossless' },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS lossless', coding: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS near-lossless', coding: 'jpeg-ls' },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 lossless', coding: 'jpeg-2000' },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', coding: 'jpeg-2000' },
  '1.2.840.10008.1.2.5': { name: 'RLE', coding: 'rle' },
};

export const BIG_ENDIAN = '1.2.840.10008.1.2.2';

export function transferSyntax(uid: string): TransferSyntax | undefined {
  return TRANSFER_SYNTAXES[uid];
}
