import type { ShownImage } from './images.ts';

/** Ways to hang images beside each other, as radiologists name them. */
export const HANGINGS = {
  single: 'One image',
  'film-series': 'Film and series',
  'acquired-generated': 'Acquired and generated',
  'baseline-followup': 'Baseline and follow-up',
  'right-left': 'Right and left',
  planes: 'Three planes',
} as const;

export type Hanging = keyof typeof HANGINGS;

/**
 * The images that a hanging puts side by side for an exam, or undefined where the participant has none for it.
 *
 * @param from the image to start from; the others are chosen to go with it
 */
export function hang(hanging: Hanging, images: readonly ShownImage[], from: ShownImage): ShownImage[] | undefined {
  const ofExam = images.filter(({ examId }) => examId === from.examId);
  switch (hanging) {
    case 'single':
      return [from];
    case 'planes': {
      const series = from.kind === 'series' ? from : firstSeries(ofExam);
      return series && [series, series, series];
    }
    case 'film-series': {
      const film = from.kind === 'film' ? from : ofExam.find(({ kind }) => kind === 'film');
      const series = from.kind === 'series' ? from : firstSeries(ofExam);
      return film && series && [film, series];
    }
    case 'acquired-generated': {
      const series = ofExam.filter(({ kind, plane }) => kind === 'series' && plane === 'coronal');
      const ofKind = (generated: boolean) =>
        series.filter(({ provenance }) => (provenance === 'GENERATED') === generated);
      const pick = (generated: boolean) => ofKind(generated).find((image) => image === from) ?? ofKind(generated)[0];
      const [acquired, generated] = [pick(false), pick(true)];
      return acquired && generated && [acquired, generated];
    }
    case 'baseline-followup':
      return firstOf([from, ...ofExam], (image) => withFollowUp(image, images));
    case 'right-left':
      return firstOf([from, ...ofExam], (image) => withOtherSide(image, images));
  }
}

/** What is found for the first image that there is anything for. */
function firstOf<T>(images: readonly ShownImage[], find: (image: ShownImage) => T | undefined): T | undefined {
  for (const image of images) {
    const found = find(image);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first image of its kind, and this one; of the first one, the last. */
function withFollowUp(from: ShownImage, images: readonly ShownImage[]): ShownImage[] | undefined {
  const alike = images.filter((image) => image.side === from.side && goesWith(image, from));
  const first = alike[0]!.visit === from.visit ? from : alike[0]!;
  const last = from === first ? alike.findLast(({ visit }) => visit !== from.visit) : from;
  return last && [first, last];
}

/** The patient's right is hung on the left. */
function withOtherSide(from: ShownImage, images: readonly ShownImage[]): ShownImage[] | undefined {
  const other = images.find(
    (image) => image.side !== null && image.side !== from.side && image.visit === from.visit && goesWith(image, from),
  );
  return other && (from.side === 'RIGHT' ? [from, other] : [other, from]);
}

/** A series that was taken before one that was made. */
function firstSeries(images: readonly ShownImage[]): ShownImage | undefined {
  const series = images.filter(({ kind }) => kind === 'series');
  return series.find(({ provenance }) => provenance !== 'GENERATED') ?? series[0];
}

/** Of one kind, and both taken or both made. */
function goesWith(a: ShownImage, b: ShownImage): boolean {
  return a.kind === b.kind && a.plane === b.plane && (a.provenance === 'GENERATED') === (b.provenance === 'GENERATED');
}
