import { stringify } from 'csv-stringify/sync';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { DataSource } from 'typeorm';
import { type DevicePrices, type Usage, USAGE_DIMENSIONS, type UsageDimension } from '../domain/usage.js';
import { encodeId } from '../domain/global-ids.js';
import { ApiToken, Batch } from '../entities/index.js';
import { usageReport } from '../services/usage/index.js';
import { sizeInWords } from '../storage/index.js';
import { withDatabase } from './database.js';
import { dataDirOption } from './options.js';
import { counted } from './words.js';

/** `osteograph usage`: what generations have taken, by person, batch, task, device and month. */
export function usageCommand(): Command {
  return new Command('usage')
    .description('report what generations have taken: computing time, files and, with prices, cost')
    .addOption(
      new Option(
        '--from <date>',
        'those that ended on this day or later, UTC (default: thirty days before the end)',
      ).argParser(day('--from')),
    )
    .addOption(new Option('--to <date>', 'those that ended before this day, UTC (default: now)').argParser(day('--to')))
    .addOption(
      new Option(
        '--by <dimensions>',
        `what has a row of its own, separated by commas: ${USAGE_DIMENSIONS.map(word).join(', ')}`,
      )
        .argParser(dimensions)
        .default(['REQUESTER'], 'requester'),
    )
    .addOption(
      new Option('--price <prices>', 'price of an hour by device or kind of device, such as cuda=1.90,cpu=0.05')
        .argParser(pricesIn)
        .default(new Map(), 'none'),
    )
    .option('--csv', 'print CSV, with seconds and bytes as plain numbers')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
Computing time is from the first start of a generation to its end, waiting between attempts included; of one that was retried the last time
alone. A row has a cost where each device that computed for it has a price. Volumes that a batch found made
already took nothing. What was deleted since is in no report: keep the CSV of each month.

Examples:
  $ osteograph usage                                                       the last thirty days, by who asked
  $ osteograph usage --from 2026-11-01 --to 2026-12-01 --by batch,device --price cuda=1.90 --csv > november.csv`,
    )
    .action(({ dataDir, ...options }: Options & { dataDir: string }) =>
      withDatabase(dataDir, 'usage', ({ dataSource }) => report(dataSource, options)),
    );
}

interface Options {
  from?: Date;
  to?: Date;
  by: UsageDimension[];
  price: DevicePrices;
  csv?: boolean;
}

async function report(dataSource: DataSource, { from, to, by, price, csv = false }: Options): Promise<void> {
  const rows = await usageReport(dataSource, { from, to, by, prices: price });
  const names = await namesOf(dataSource, rows);
  const keys = rows.map((row) => by.map((dimension) => names[dimension](row)));
  if (csv) {
    const figures = ['succeeded', 'failed', 'canceled', 'seconds', 'bytes', 'cost'] as const;
    const lines = rows.map((row, index) => [
      ...keys[index]!,
      ...figures.map((figure) =>
        figure === 'seconds' ? row.seconds.toFixed(3) : figure === 'cost' ? row.cost?.toFixed(4) : row[figure],
      ),
    ]);
    process.stdout.write(stringify([[...by.map(word), ...figures], ...lines]));
    return;
  }
  if (rows.length === 0) console.log('No generation ended in this period.');
  for (const [index, row] of rows.entries()) {
    const others = [row.failed > 0 && `${row.failed} failed`, row.canceled > 0 && `${row.canceled} canceled`];
    const figures = [
      counted(row.succeeded, 'generation'),
      ...others,
      hours(row.seconds),
      sizeInWords(row.bytes),
      row.cost?.toFixed(2),
    ];
    console.log(
      [keys[index]!.map((key) => key || '-').join(' / '), figures.filter(Boolean).join(', ')]
        .filter(Boolean)
        .join(': '),
    );
  }
}

/** How each dimension of a row is called. */
async function namesOf(
  dataSource: DataSource,
  rows: readonly Usage[],
): Promise<Record<UsageDimension, (row: Usage) => string>> {
  const tokens = new Map((await dataSource.getRepository(ApiToken).find()).map(({ id, name }) => [id, name]));
  const ids = [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))];
  const batches = new Map<string, string>();
  for (const id of ids) {
    const batch = await dataSource.getRepository(Batch).findOneBy({ id });
    batches.set(id, batch ? `${batch.name} (${encodeId('Batch', id)})` : encodeId('Batch', id));
  }
  return {
    REQUESTER: ({ requesterId }) =>
      requesterId === null ? 'command line' : `${tokens.get(requesterId) ?? ''} (${requesterId})`,
    BATCH: ({ batchId }) => (batchId === null ? '' : batches.get(batchId)!),
    TASK: ({ task }) => task ?? '',
    DEVICE: ({ device }) => device ?? '',
    MONTH: ({ month }) => month ?? '',
  };
}

function hours(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return seconds < 3600 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function word(dimension: UsageDimension): string {
  return dimension.toLowerCase();
}

function day(name: string): (text: string) => Date {
  return (text) => {
    const date = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : NaN);
    if (!Number.isNaN(date.getTime())) return date;
    throw new InvalidArgumentError(`${name} must look like 2026-11-01, got "${text}".`);
  };
}

function dimensions(text: string): UsageDimension[] {
  const asked = text.split(',').map((name) => name.trim());
  const found = asked.flatMap((name) => USAGE_DIMENSIONS.find((dimension) => word(dimension) === name) ?? []);
  if (found.length === asked.length && new Set(found).size === found.length) return found;
  throw new InvalidArgumentError(
    `--by must be some of ${USAGE_DIMENSIONS.map(word).join(', ')}, each once, got "${text}".`,
  );
}

function pricesIn(text: string): DevicePrices {
  return new Map(
    text.split(',').map((pair) => {
      const [, device = '', price = ''] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(pair.trim()) ?? [];
      if (device && price) return [device.trim(), Number(price)];
      throw new InvalidArgumentError(`--price must be pairs such as cuda=1.90, separated by commas, got "${pair}".`);
    }),
  );
}
