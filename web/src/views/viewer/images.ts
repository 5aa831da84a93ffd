import { sideName, visitName } from '../../lib/words.ts';
import type { Plane } from './planes.ts';
import type { ViewedExam, ViewedRun } from './queries.ts';

/** A film or series that can be put into a pane. */
export interface ShownImage {
  /** In addresses; a film of both knees has one for each side. */
  key: string;
  /** What its measurements are kept under. */
  id: string;
  kind: 'film' | 'series';
  url: string;
  /** "Film, PA". */
  name: string;
  /** "24 months, right knee". */
  whose: string;
  provenance: 'REAL' | 'PHANTOM' | 'GENERATED';
  /** Null of an uploaded film that nobody told the side of. */
  side: 'LEFT' | 'RIGHT' | null;
  /** Position of its visit among the participant's, and the visit's code; null of an upload. */
  visit: number;
  visitCode: string | null;
  examId: string;
  /** Film of both knees. */
  bilateral: boolean;
  /** Whether it lies as films of an exam do, so that its edges can be named. */
  oriented: boolean;
  /** Of a film, mm per pixel at the detector. */
  pixelSpacing: number | null;
  /** Of a series: the plane it was taken in. */
  plane: Plane;
}

type ExamOf = ViewedExam['participant']['visits'][number]['exams'][number];
type FilmOf = ExamOf['radiographs'][number];
type SeriesOf = Omit<ExamOf['mriSeries'][number], 'generation'> & { generation: Pick<ViewedRun, 'bundle'> | null };

/** The participant's stored images, visit by visit, the right knee first, films before series. */
export function imagesOf({ participant }: ViewedExam): ShownImage[] {
  return participant.visits.flatMap(({ code, exams }, visit) =>
    exams
      .toSorted((a, b) => (a.side === b.side ? 0 : a.side === 'RIGHT' ? -1 : 1))
      .flatMap((exam) => {
        const whose = `${visitName(code).toLowerCase()}, ${sideName(exam.side)} knee`;
        const shared = { whose, side: exam.side, visit, visitCode: code, examId: exam.id };
        return [...filmsOf(exam, shared), ...seriesOf(exam, shared)];
      }),
  );
}

/** The film and the volumes of a generation: what it made first of those that were made, then other runs for the same knee. */
export function imagesOfRun(run: ViewedRun): ShownImage[] {
  const { id, side, exam, upload, radiograph, outputs, bundle, seed } = run;
  const knee = side === null ? '' : `, ${sideName(side)} knee`;
  const whose = exam ? `${visitName(exam.visit.code).toLowerCase()}${knee}` : `uploaded${knee}`;
  const shared = { whose, side, visit: 0, visitCode: exam?.visit.code ?? null, examId: exam?.id ?? id };
  const uploaded = upload && {
    ...{ id: upload.id, view: 'uploaded', image: upload.image, pixelSpacing: upload.pixelSpacing },
    ...{ bilateral: false, provenance: 'REAL' as const },
  };
  const films = filmsOf({ radiographs: [radiograph, uploaded].filter((film) => film != null) }, shared);
  const restored = outputs.find(({ kind }) => kind === 'FILM');
  const runs = (exam ?? upload)?.generations.nodes ?? [];
  const volumes = runs
    .filter((run) => run.side === side)
    .toSorted((a, b) => Number(b.id === id) - Number(a.id === id))
    .flatMap(({ mriSeries, ...run }) =>
      mriSeries
        ? [{ ...mriSeries, sequence: `${run.id === id ? 'This run' : 'Run'}, seed ${run.seed}`, generation: run }]
        : [],
    );
  return [
    ...films.map((film) => ({ ...film, oriented: upload === null })),
    ...(restored
      ? [
          {
            ...{ ...shared, key: id, id, kind: 'film' as const, url: restored.url, bilateral: false },
            name: `Restored film, ${bundle.name} ${bundle.version}${seed === null ? '' : `, seed ${seed}`}`,
            provenance: 'GENERATED' as const,
            oriented: upload === null,
            pixelSpacing: restoredSpacing(run),
            plane: 'coronal' as const,
          },
        ]
      : []),
    ...seriesOf(
      {
        mriSeries: [
          ...volumes.map((volume) => ({ ...volume, plane: 'CORONAL' as const, provenance: 'GENERATED' as const })),
          ...(exam?.mriSeries ?? []).map((series) => ({ ...series, generation: null })),
        ],
      },
      shared,
    ),
  ];
}

/** Millimetres per pixel of a restored film, which shows what its film shows: an enlarged one in smaller pixels. */
function restoredSpacing({ radiograph, upload, parameters }: ViewedRun): number | null {
  const spacing = (radiograph ?? upload)?.pixelSpacing ?? null;
  const { factor = 1 } = parameters as { factor?: number };
  return spacing === null ? null : spacing / factor;
}

type Shared = Pick<ShownImage, 'whose' | 'side' | 'visit' | 'visitCode' | 'examId'>;

function filmsOf({ radiographs }: { radiographs: FilmOf[] }, shared: Shared): ShownImage[] {
  return radiographs.flatMap(({ id, view, bilateral, pixelSpacing, provenance, image }) =>
    image
      ? [
          {
            ...shared,
            key: bilateral ? `${id}.${(shared.side ?? '').toLowerCase()}` : id,
            id,
            kind: 'film' as const,
            url: image.url,
            name: `Film, ${view}`,
            provenance,
            bilateral,
            oriented: true,
            pixelSpacing,
            plane: 'coronal' as const,
          },
        ]
      : [],
  );
}

function seriesOf({ mriSeries }: { mriSeries: SeriesOf[] }, shared: Shared): ShownImage[] {
  return mriSeries.flatMap(({ id, sequence, plane, provenance, volume, generation }) =>
    volume
      ? [
          {
            ...shared,
            key: id,
            id,
            kind: 'series' as const,
            url: volume.url,
            name: generation ? `${sequence}, ${generation.bundle.name} ${generation.bundle.version}` : sequence,
            provenance,
            bilateral: false,
            oriented: true,
            pixelSpacing: null,
            plane: (plane?.toLowerCase() ?? 'coronal') as Plane,
          },
        ]
      : [],
  );
}

/** What has to stand on the picture itself, so that nobody takes it for a patient's, also not in a screenshot. */
export const ORIGIN_MARKS: Record<ShownImage['provenance'], string | null> = {
  REAL: null,
  PHANTOM: 'phantom, synthetic',
  GENERATED: 'synthetic, made by a model',
};
