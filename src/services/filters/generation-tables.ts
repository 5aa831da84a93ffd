import { OUTPUT_KINDS } from '../../domain/generation-outputs.js';
import { column, type Table } from './table.js';

/** Finished slices of generations. */
export const GENERATION_SLICES: Table = {
  name: 'generation_slice',
  joins: {},
  fields: {
    index: column('integer', 'index'),
    depth: column('double', 'depth'),
    psnr: column('double', 'psnr'),
    ssim: column('double', 'ssim'),
    rssim: column('double', 'rssim'),
  },
};

/** Files that generations were given or have made. */
export const GENERATION_OUTPUTS: Table = {
  name: 'generation_output',
  joins: {},
  fields: {
    kind: column({ kind: 'choice', of: OUTPUT_KINDS }, 'kind'),
    index: column('integer', 'index'),
    rows: column('integer', 'rows'),
    columns: column('integer', 'columns'),
  },
};
