import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { NOTE, TAG } from '../annotations/queries.ts';

/** Another run for the same knee, as the viewer shows it. */
const RUN = graphql(`
  fragment ShownRun on Generation {
    id
    seed
    steps
    side
    sliceCount
    sampler
    eta
    noise
    gradeGuidance
    box {
      left
      top
      side
    }
    featureOverrides {
      feature
      grade
    }
    bundle {
      name
      version
    }
    mriSeries {
      volume {
        url
      }
    }
  }
`);

export const GENERATION = graphql(
  `
    query Generation($id: ID!) {
      generation(id: $id) {
        id
        state
        lastSeq
        tags {
          ...ShownTag
        }
        notes {
          ...ShownNote
        }
        error
        waitingReason
        cancelRequested
        task
        parameters
        createdAt
        startedAt
        finishedAt
        sliceCount
        steps
        sampler
        eta
        seed
        noise
        gradeGuidance
        psnr
        ssim
        rssim
        ssimMode
        adjacentCorrelation
        durationMs
        denoiserEvaluations
        device
        requestedBy
        box {
          left
          top
          side
        }
        bundle {
          name
          version
        }
        batch {
          id
          name
        }
        featureOverrides {
          feature
          grade
        }
        slices {
          index
          depth
          psnr
          ssim
          rssim
          previewUrl
        }
        outputs {
          kind
          index
          rows
          columns
          url
        }
        mriSeries {
          id
          volume {
            url
            bytes
          }
          dicom {
            url
          }
          slicePngs {
            url
          }
          montage {
            url
          }
        }
        side
        sourceSeries {
          sequence
          plane
          provenance
          volume {
            url
          }
        }
        radiograph {
          rows
          columns
          view
          provenance
          image {
            url
          }
        }
        upload {
          id
          rows
          columns
          expiresAt
          image {
            url
          }
          generations(first: 20, where: { state: { eq: SUCCEEDED } }) {
            nodes {
              ...ShownRun
            }
          }
        }
        exam {
          id
          kl
          visit {
            code
          }
          participant {
            oaiId
          }
          mriSeries {
            id
            sequence
            plane
            provenance
            volume {
              url
            }
          }
          generations(first: 20, where: { state: { eq: SUCCEEDED } }) {
            nodes {
              ...ShownRun
            }
          }
        }
      }
    }
  `,
  [NOTE, RUN, TAG],
);

export type Generation = NonNullable<ResultOf<typeof GENERATION>['generation']>;

export type Slice = Generation['slices'][number];

export const CANCEL = graphql(`
  mutation CancelGeneration($id: ID!) {
    cancelGeneration(input: { id: $id }) {
      generation {
        id
        state
        cancelRequested
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation RetryGeneration($id: ID!) {
    retryGeneration(input: { id: $id }) {
      generation {
        id
        state
      }
    }
  }
`);

export const DELETE = graphql(`
  mutation DeleteGeneration($id: ID!) {
    deleteGeneration(input: { id: $id }) {
      deletedGenerationId
    }
  }
`);

export const GENERATIONS = graphql(`
  query Generations($after: String, $where: GenerationFilter) {
    generations(first: 25, after: $after, where: $where) {
      nodes {
        id
        state
        task
        createdAt
        durationMs
        sliceCount
        steps
        seed
        psnr
        ssim
        rssim
        requestedBy
        tags {
          name
        }
        bundle {
          name
          version
        }
        side
        upload {
          id
        }
        exam {
          id
          kl
          visit {
            code
          }
          participant {
            oaiId
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const DIFFERENCE = graphql(`
  query WhatChanged($a: ID!, $b: ID!) {
    generationDifference(a: $a, b: $b) {
      visible
      maximum
      compartments {
        compartment
        meanAbsolute
        meanSigned
        shareOfDifference
      }
      jointSpace {
        compartment
        first
        second
      }
      picture {
        url
      }
    }
  }
`);
