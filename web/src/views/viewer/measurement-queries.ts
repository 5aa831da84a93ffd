import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { type Measurement, MEASURES, type MeasureKind } from './measure.ts';
import type { Plane } from './planes.ts';

const MEASURED = graphql(`
  fragment Measured on Measurement {
    id
    clientKey
    imageId
    imageChanged
    kind
    plane
    slice
    points {
      column
      row
    }
    value
    unit
    name
    note
    createdBy
    createdAt
    canChange
    exam {
      id
      side
    }
  }
`);

const MEASURED_PAGE = graphql(
  `
    fragment MeasuredPage on MeasurementConnection {
      nodes {
        ...Measured
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  `,
  [MEASURED],
);

/** What was measured on one image. */
export const MEASUREMENTS_OF = graphql(
  `
    query MeasurementsOf($id: ID!, $after: String) {
      node(id: $id) {
        __typename
        ... on Radiograph {
          measurements(first: 200, after: $after) {
            ...MeasuredPage
          }
        }
        ... on MriSeries {
          measurements(first: 200, after: $after) {
            ...MeasuredPage
          }
        }
        ... on Generation {
          measurements(first: 200, after: $after) {
            ...MeasuredPage
          }
        }
        ... on UploadedRadiograph {
          measurements(first: 200, after: $after) {
            ...MeasuredPage
          }
        }
      }
    }
  `,
  [MEASURED_PAGE],
);

export const SAVE_MEASUREMENT = graphql(
  `
    mutation SaveMeasurement($input: SaveMeasurementInput!) {
      saveMeasurement(input: $input) {
        measurement {
          ...Measured
        }
      }
    }
  `,
  [MEASURED],
);

export const UPDATE_MEASUREMENT = graphql(
  `
    mutation UpdateMeasurement($input: UpdateMeasurementInput!) {
      updateMeasurement(input: $input) {
        measurement {
          ...Measured
        }
      }
    }
  `,
  [MEASURED],
);

export const DELETE_MEASUREMENT = graphql(`
  mutation DeleteMeasurement($input: DeleteMeasurementInput!) {
    deleteMeasurement(input: $input) {
      deletedMeasurementId
    }
  }
`);

type Told = ResultOf<typeof MEASURED>;

/** A measurement as the server has it. */
export interface Kept extends Measurement {
  saved: string;
  by: string;
  at: string;
  canChange: boolean;
  /** Whether the image was replaced since. */
  imageChanged: boolean;
  /** The knee that it is of, where the server knows it. */
  knee: { exam: string; side: 'LEFT' | 'RIGHT' } | null;
}

const UNITS = { MM: 'mm', PIXEL: 'px', DEGREE: '°' } as const;

export function keptOf(told: Told): Kept {
  const { id, clientKey, kind, plane, slice, points, value, unit, name, note, canChange, imageChanged, exam } = told;
  return {
    // What was drawn here keeps its key as its id, so that a draft is known again whose answer was lost.
    ...{ id: clientKey ?? id, saved: id, name, note, value, canChange, imageChanged },
    ...{ by: told.createdBy, at: told.createdAt },
    kind: (Object.keys(MEASURES) as MeasureKind[]).find((one) => MEASURES[one].type === kind)!,
    plane: (plane?.toLowerCase() ?? null) as Plane | null,
    slice: slice ?? 0,
    points: points.map(({ column, row }) => [column, row] as const),
    unit: UNITS[unit],
    knee: exam && { exam: exam.id, side: exam.side },
  };
}

/** What the server is told of a new measurement, but for what can be changed of it later; its id is the key by which it is kept once. */
export function savedAs(imageId: string, { id, kind, plane, slice }: Measurement) {
  return {
    ...{ imageId, clientKey: id, kind: MEASURES[kind].type },
    plane: plane && PLANE_NAMES[plane],
    slice: plane === null ? null : slice,
  };
}

const PLANE_NAMES = { coronal: 'CORONAL', sagittal: 'SAGITTAL', axial: 'AXIAL' } as const;
