import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { type Film, loadRadiograph } from '../../src/imaging/radiograph/index.js';
import { refuseDarkBone } from '../../src/imaging/radiograph/polarity.js';

const crops = join(packageRoot, '../shared/data/xrays');

const negative = (film: Film): Film => {
  const most = film.data.reduce((high, value) => Math.max(high, value), 0);
  return { ...film, name: 'negative.png', data: film.data.map((value) => most - value) };
};

/** Whether the whole of a crop counts as a knee with dark bone. */
function isDark(film: Film): boolean {
  try {
    refuseDarkBone(film, { left: 0, top: 0, side: film.columns });
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'FILE_REFUSED' });
    return true;
  }
}

(existsSync(crops) ? test : test.skip)(
  'of real crops those with dark bone are told from all others (skipped without ../shared)',
  async () => {
    const files = readdirSync(crops, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.png'));
    const sample = files.sort().filter((_, index) => index % 20 === 0);
    const refused: string[] = [];
    for (const file of sample) {
      const film = await loadRadiograph(join(crops, file));
      const [asItIs, turnedOver] = [isDark(film), isDark(negative(film))];
      expect([file, asItIs === turnedOver]).toEqual([file, false]);
      if (asItIs) refused.push(file);
    }
    expect(sample).toHaveLength(289);
    // Looked at: each of these shows its bones dark.
    expect(refused).toEqual([
      'kl0/a2f19247fbR.png',
      'kl0/d1f7609b48L.png',
      'kl2/353eef40eeL.png',
      'kl2/656054b8aeR.png',
      'kl2/b63e8e2c45R.png',
    ]);
  },
);
