import type { ByteWriter, SchemaElement } from 'hyparquet-writer';
import { packageVersion } from '../../domain/package.js';
import type { ColumnKind, ExportColumn } from './columns.js';

/** Rows of a row group, which is what a reader can skip, and what is held in memory before it is written. */
const GROUP_ROWS = 4_000;

const TYPES: Record<ColumnKind, Pick<SchemaElement, 'type' | 'converted_type'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT32' },
  // The database has 32 bits, but 1.4 must stay 1.4 when a reader widens it.
  real: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  date: { type: 'INT32', converted_type: 'DATE' },
};

/**
 * A Parquet file, Snappy-compressed, row group by row group.
 *
 * @param metadata what the file says of itself, by key; asked for once all rows are written.
 */
export async function* encodeParquet(
  batches: AsyncIterable<unknown[][]>,
  columns: readonly ExportColumn[],
  metadata: () => Record<string, string>,
): AsyncGenerator<Buffer> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns),
    createdBy: `osteograph ${packageVersion}`,
  });
  let group: unknown[][] = columns.map(() => []);
  const writeGroup = () => {
    const rowGroupSize = group[0]!.length;
    if (rowGroupSize === 0) return;
    // The writer is synchronous: its flush is not overridden.
    void parquet.write({ columnData: columns.map(({ name }, index) => ({ name, data: group[index]! })), rowGroupSize });
    group = columns.map(() => []);
  };
  for await (const rows of batches) {
    for (const row of rows) {
      columns.forEach(({ kind }, index) => group[index]!.push(kind === 'date' ? dateOf(row[index]) : row[index]));
      if (group[0]!.length >= GROUP_ROWS) {
        writeGroup();
        yield taken(bytes);
      }
    }
  }
  writeGroup();
  parquet.kvMetadata = Object.entries({ ...metadata(), pandas: pandasMetadata(columns) }).map(([key, value]) => ({
    key,
    value,
  }));
  void parquet.finish();
  yield taken(bytes);
}

function schemaOf(columns: readonly ExportColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, kind, nullable }): SchemaElement => ({
      name,
      ...TYPES[kind],
      repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
    })),
  ];
}

/** The bytes written since the last time; offsets in the file go on counting. */
function taken(bytes: ByteWriter): Buffer {
  const piece = Buffer.from(bytes.getBytes());
  bytes.index = 0;
  return piece;
}

function dateOf(value: unknown): Date | null {
  return value === null ? null : new Date(`${value as string}T00:00:00Z`);
}

const PANDAS: Record<ColumnKind, { pandas_type: string; numpy_type: string }> = {
  text: { pandas_type: 'unicode', numpy_type: 'string' },
  integer: { pandas_type: 'int32', numpy_type: 'Int32' },
  real: { pandas_type: 'float64', numpy_type: 'float64' },
  boolean: { pandas_type: 'bool', numpy_type: 'boolean' },
  date: { pandas_type: 'date', numpy_type: 'object' },
};

/** What pandas looks for: without it, a column of integers with missing values would become one of floats. */
function pandasMetadata(columns: readonly ExportColumn[]): string {
  return JSON.stringify({
    index_columns: [],
    column_indexes: [],
    columns: columns.map(({ name, kind }) => ({ name, field_name: name, ...PANDAS[kind], metadata: null })),
    creator: { library: 'osteograph', version: packageVersion },
    pandas_version: '2.0.0',
  });
}
