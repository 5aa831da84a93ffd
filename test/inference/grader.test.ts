import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { openGrader, startInferenceHost } from '../../src/inference/index.js';

interface Golden {
  bundle: string;
  graderSha256: string;
  chances: number[];
  distance: number;
}

test('the shipped KL grader reads an invented film as PyTorch does', async () => {
  const path = join(packageRoot, 'test/golden/grader');
  const golden = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Golden;
  const [name, version] = golden.bundle.split('@') as [string, string];
  const host = await startInferenceHost({ device: 'cpu', threads: 1 });
  try {
    const grader = await openGrader(host, join(packageRoot, 'models', name, version));
    expect([grader.bundle.name, grader.bundle.version, grader.size]).toEqual([name, version, 224]);
    const [reading] = await grader.grade([Float32Array.from(readFileSync(`${path}.bin`))]);
    golden.chances.forEach((chance, grade) => expect(reading!.chances[grade]).toBeCloseTo(chance, 3));
    expect(reading!.distance).toBeCloseTo(golden.distance, 2);
  } finally {
    await host.close();
  }
});
