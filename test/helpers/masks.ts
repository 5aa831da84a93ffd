import { gzipSync } from 'node:zlib';

/** A NIfTI-1 file of single bytes as another program writes it: what it holds stands here, not in the code that reads it. */
export interface MaskFile {
  /** Columns, rows, slices. */
  size: readonly [number, number, number];
  /** 3 x 4, row after row: voxel to mm, RAS; null: the file does not say where it lies. */
  affine: readonly number[] | null;
  /** Whether a voxel is above 0. */
  hidden: (column: number, row: number, slice: number) => boolean;
  /** What the header says in words. */
  description?: string;
  packed?: boolean;
}

export function maskFile({ size, affine, hidden, description = '', packed = true }: MaskFile): Buffer {
  const [columns, rows, slices] = size;
  const file = Buffer.alloc(352 + columns * rows * slices);
  file.writeInt32LE(348, 0);
  [3, columns, rows, slices, 1, 1, 1, 1].forEach((count, at) => file.writeInt16LE(count, 40 + 2 * at));
  file.writeInt16LE(2, 70);
  file.writeInt16LE(8, 72);
  const side = (axis: number) => (affine ? Math.hypot(affine[axis]!, affine[4 + axis]!, affine[8 + axis]!) : 1);
  [1, side(0), side(1), side(2)].forEach((mm, at) => file.writeFloatLE(mm, 76 + 4 * at));
  file.writeFloatLE(352, 108);
  file.writeFloatLE(1, 112);
  file.writeUInt8(2, 123);
  file.write(description, 148, 'latin1');
  file.writeInt16LE(affine ? 1 : 0, 254);
  affine?.forEach((value, at) => file.writeFloatLE(value, 280 + 4 * at));
  file.write('n+1\0', 344, 'latin1');
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (hidden(column, row, slice)) file[352 + (slice * rows + row) * columns + column] = 1;
      }
    }
  }
  return packed ? gzipSync(file) : file;
}

/** What `POST /masks` answers. */
export interface MaskAnswer {
  id: string;
  columns: number;
  rows: number;
  slices: number;
  hiddenVoxels: number;
  createdAt: string;
  expiresAt: string;
  volume: { url: string; expiresAt: string };
}

/** Sends a mask to a server. */
export async function uploadMask(
  url: string,
  token: string,
  file: Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: MaskAnswer; message: string | undefined }> {
  const response = await fetch(`${url}/masks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', ...headers },
    body: new Uint8Array(file),
  });
  const body = (await response.json()) as MaskAnswer & { errors?: { message: string }[] };
  return { status: response.status, body, message: body.errors?.[0]?.message };
}
