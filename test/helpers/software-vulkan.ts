import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { packageRoot } from '../../src/domain/package.js';

const ARCHIVE = join(packageRoot, 'node_modules/@sparticuz/chromium/bin/swiftshader.tar.br');

/** The archive holds Linux x64 libraries. */
export const hasSoftwareVulkan = process.platform === 'linux' && process.arch === 'x64' && existsSync(ARCHIVE);

/** SwiftShader, a Vulkan device in software, unpacked from the Chromium package into a temporary folder. */
export interface SoftwareVulkan {
  /** What a process needs in its environment to see the device. */
  env: Record<string, string>;
  remove(): Promise<void>;
}

export async function unpackSoftwareVulkan(): Promise<SoftwareVulkan> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-vulkan-'));
  for (const { name, content } of tarFiles(brotliDecompressSync(await readFile(ARCHIVE)))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const env = { VK_DRIVER_FILES: join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: folder };
  return { env, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Regular files of a tar archive: 512-byte headers with name and octal size, contents padded to 512. */
function tarFiles(archive: Buffer): { name: string; content: Buffer }[] {
  const files: { name: string; content: Buffer }[] = [];
  let offset = 0;
  while (offset + 512 <= archive.length && archive[offset] !== 0) {
    const text = (start: number, length: number) =>
      archive.toString('utf8', offset + start, offset + start + length).split('\0')[0]!;
    const size = Number.parseInt(text(124, 12), 8);
    const isFile = ['', '0'].includes(text(156, 1));
    if (isFile) files.push({ name: text(0, 100), content: archive.subarray(offset + 512, offset + 512 + size) });
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
