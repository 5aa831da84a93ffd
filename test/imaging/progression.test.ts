import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { decodePng } from '../../src/imaging/png.js';
import { sharesOf, wayPoints } from '../../src/imaging/progression/amplitude.js';
import { closing, closingField, fieldFacts, jointLine, moved } from '../../src/imaging/progression/field.js';
import { checkWish } from '../../src/imaging/progression/index.js';
import { jointPicture, withAddition } from '../../src/imaging/progression/pictures.js';
import { greyImage, readFilmJointSpace } from '../../src/metrics/index.js';

interface Golden {
  film: string;
  middle: number[];
  half: number[];
  closing: number[];
  fields: Record<'closed' | 'halfway' | 'opened', number[][]>;
  least: Record<'closed' | 'halfway' | 'opened', number>;
  warped: number[][];
  space: number[][];
  near: number[][];
  enlarged: number[][];
  shares: Record<'medial' | 'lateral' | 'both', [number, number]>;
  way: { grades: number[]; times: number[] };
}

const file = (name: string) => readFileSync(join(packageRoot, 'test/golden', name));
const golden = JSON.parse(file('progression.json').toString()) as Golden;
const { progression } = JSON.parse(file('tiny-progression-bundle/bundle.json').toString()) as {
  progression: Parameters<typeof jointPicture>[3] & { widths: Parameters<typeof sharesOf>[0] };
};
const { rows, columns } = progression.picture;
const picture = Float32Array.from({ length: 224 * 224 }, (_, at) => greyAt(Math.floor(at / 224), at % 224));

function greyAt(row: number, column: number): number {
  return 100 + 60 * Math.sin(row / 5) * Math.cos(column / 7);
}

function tracedJoint() {
  const { data, ...size } = decodePng(file(`films/${golden.film}`));
  const film = greyImage(data, size);
  const { medial, lateral } = readFilmJointSpace(film, 'L');
  return jointLine(medial.space!, lateral.space!, size.columns / 224);
}

function expectClose(found: ArrayLike<number>, wanted: readonly number[], digits = 9): void {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((value, index) => expect(found[index]).toBeCloseTo(value, digits));
}

/** Rows 60, 66, ... 174 and every sixteenth column. */
const sampled = (values: ArrayLike<number>) =>
  Array.from({ length: 20 }, (_, row) =>
    Array.from({ length: 14 }, (_, column) => values[(60 + 6 * row) * 224 + 16 * column]!),
  );

describe('the field that closes a joint', () => {
  const joint = tracedJoint();
  const shares = { closed: closing(0.8, 0.4), opened: closing(1.7, 1.2) };
  const field = (name: keyof Golden['fields']) =>
    closingField(joint, name === 'opened' ? shares.opened : shares.closed, name === 'halfway' ? 0.5 : 1, 224);

  it('follows the line and the gap that numpy finds', () => {
    expectClose(joint.middle, golden.middle);
    expectClose(joint.half, golden.half);
    expectClose(shares.closed, golden.closing, 12);
  });

  it.each(['closed', 'halfway', 'opened'] as const)('is that of numpy where the joint is %s', (name) => {
    const found = field(name);
    sampled(found.rowsDown).forEach((line, row) => expectClose(line, golden.fields[name][row]!));
    expect(fieldFacts(found).leastDeterminant).toBeCloseTo(Math.min(1, golden.least[name]), 9);
  });

  it.each([0.1, 0.34, 0.6, 1, 1.8, 5])('never folds where a gap shall keep the share %p', (share) => {
    const { leastDeterminant } = fieldFacts(closingField(joint, closing(share, 1), 1, 224));
    expect(leastDeterminant).toBeGreaterThanOrEqual(0.3);
  });

  it('moves a picture as numpy does, and nothing far from the joint', () => {
    const found = moved(picture, 224, field('closed'));
    sampled(found).forEach((line, row) => expectClose(line, golden.warped[row]!, 3));
    for (const row of [0, 10, 20, 215, 223]) {
      expect(found.slice(row * 224, row * 224 + 224)).toEqual(picture.slice(row * 224, row * 224 + 224));
    }
  });

  it('leaves a film as it is at the beginning, to the last bit', () => {
    const film = Float32Array.from({ length: 300 * 300 }, (_, at) => (at * 7_919) % 65_536);
    expect(moved(film, 300, closingField(joint, shares.closed, 0, 224))).toEqual(film);
  });

  it('is made into what PyTorch is shown: joint space, and where bone is drawn anew', () => {
    const { space, near } = jointPicture(picture, joint, shares.closed, { ...progression, low: 0, high: 1 });
    golden.space.forEach((line, row) =>
      expectClose(
        line.map((_, column) => space[4 * row * columns + 16 * column]!),
        line,
        4,
      ),
    );
    golden.near.forEach((line, row) =>
      expectClose(
        line.map((_, column) => near[4 * row * columns + 16 * column]!),
        line,
        4,
      ),
    );
  });

  it('is enlarged as PyTorch enlarges what the network adds', () => {
    const addition = Float32Array.from({ length: rows * columns }, (_, at) =>
      greyAt(Math.floor(at / columns), at % columns),
    );
    const found = withAddition(new Float32Array(224 * 224), 224, addition, { ...progression, low: 0, high: 1 });
    golden.enlarged.forEach((line, row) =>
      expectClose(
        line.map((_, column) => found[7 * row * 224 + 16 * column]!),
        line,
        3,
      ),
    );
  });
});

describe('the way from one grade to another', () => {
  it.each(['medial', 'lateral', 'both'] as const)('takes the widths of films whose %s joint is affected', (name) => {
    const affected = name.toUpperCase() as 'MEDIAL' | 'LATERAL' | 'BOTH';
    const { medial, lateral } = sharesOf(progression.widths, { affected, own: 0, wished: 4 });
    expectClose([medial, lateral], golden.shares[name], 12);
  });

  it('has frames at grades evenly spaced, each as wide as films of its grade', () => {
    const points = wayPoints(progression.widths, { affected: 'MEDIAL', own: 1, wished: 4 }, 7);
    expectClose(
      points.map(({ kl }) => kl),
      golden.way.grades,
      12,
    );
    expectClose(
      points.map(({ time }) => time),
      golden.way.times,
      12,
    );
  });

  it('goes back from a worse grade to a better one by the inverse shares', () => {
    const worse = sharesOf(progression.widths, { affected: 'MEDIAL', own: 0, wished: 4 });
    const better = sharesOf(progression.widths, { affected: 'MEDIAL', own: 4, wished: 0 });
    expect(worse.medial * better.medial).toBeCloseTo(1, 12);
  });

  it.each([
    [{ wished: 5 }, 'The wished KL grade is 5; it is a whole number from 0 to 4.'],
    [{ own: 2.5 }, "The film's own KL grade is 2.5; it is a whole number from 0 to 4."],
    [{ frames: 1 }, 'frames is 1; 2 to 33 are made.'],
    [{ frames: 40 }, 'frames is 40; 2 to 33 are made.'],
    [{ own: 3, wished: 3 }, 'The film has KL 3 already; ask for another grade.'],
  ])('refuses %j in one sentence', (changes, sentence) => {
    expect(() => checkWish({ wished: 4, affected: 'BOTH', frames: 9, ...changes })).toThrow(sentence);
  });
});
