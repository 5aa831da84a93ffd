import { renderMontage, type MontageContent } from '../../src/imaging/montage.js';
import { decodePng } from '../../src/imaging/png.js';
import type { GreyImage } from '../../src/metrics/index.js';

const shade = (value: number): GreyImage => ({
  rows: 256,
  columns: 256,
  data: new Float32Array(256 * 256).fill(value),
});
const stack = (count: number): GreyImage[] => Array.from({ length: count }, (_, index) => shade(index / count));

const content: MontageContent = {
  title: 'Participant 1000001 · V00 · right knee',
  subtitle: 'knee-xray2mri-demo 1.0.0',
  radiograph: shade(0.5),
  generated: stack(50),
};

/** Grey level in the middle of a tile; rows start below 122 pixels of heading, columns beside 316 of radiograph. */
function tileShade(png: ReturnType<typeof decodePng>, row: number, column: number, headings = 1): number {
  const top = 122 + row * 266 + (headings - 1) * row * 20;
  return png.data[(top + 128) * png.columns + 316 + column * 266 + 128]!;
}

test('real, generated and edge difference stand below each other, slices from posterior to anterior', async () => {
  const scores = content.generated.map(() => ({ psnr: 18.25, ssim: 0.5, rssim: 0.6 }));
  const png = decodePng(await renderMontage({ ...content, real: content.generated, scores, facts: [['Seed', '7']] }));
  expect(png.columns).toBe(1934);
  for (let column = 0; column < 6; column++) {
    expect(tileShade(png, 0, column)).toBe(tileShade(png, 1, column));
    expect(tileShade(png, 2, column)).toBeLessThan(20);
    if (column > 0) expect(tileShade(png, 0, column)).toBeGreaterThan(tileShade(png, 0, column - 1));
  }
});

test('without a real volume twelve generated slices are shown in two rows', async () => {
  const png = decodePng(await renderMontage(content));
  expect(png.rows).toBeLessThan(800);
  expect(tileShade(png, 1, 0, 2)).toBeGreaterThan(tileShade(png, 0, 5));
});

test('every generated image carries a label, and no real one carries the same', async () => {
  const dark = { ...content, generated: stack(50).map(() => shade(0)) };
  const png = decodePng(await renderMontage({ ...dark, real: dark.generated }));
  // Bright pixels inside the label's place, the lower left corner of a black tile.
  const lit = (row: number, column: number): number => {
    let count = 0;
    for (let y = 0; y < 18; y++) {
      for (let x = 0; x < 90; x++) {
        if (png.data[(122 + row * 266 + 232 + y) * png.columns + 316 + column * 266 + 6 + x]! > 120) count++;
      }
    }
    return count;
  };
  for (let column = 0; column < 6; column++) {
    expect(lit(1, column)).toBeGreaterThan(100);
    expect(lit(0, column)).toBeLessThan(lit(1, column));
  }
});

test('the smallest volume and the largest are drawn', async () => {
  for (const count of [2, 500]) {
    const png = decodePng(await renderMontage({ ...content, generated: stack(count) }));
    expect(png.columns).toBe(1934);
  }
});

test('titles may hold any characters, and missing scores leave their captions out', async () => {
  const title = 'A & B <script>"x"</script> \u0007 \uD800 é';
  const png = await renderMontage({ ...content, title, real: content.generated, scores: [null, null] });
  expect(decodePng(png).columns).toBe(1934);
});
