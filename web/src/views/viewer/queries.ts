import { graphql, type ResultOf } from '../../lib/graphql.ts';

const MADE_VOLUME = graphql(`
  fragment MadeVolume on Generation {
    id
    side
    seed
    bundle {
      name
      version
    }
    mriSeries {
      id
      volume {
        url
      }
    }
  }
`);

/** Every image of a participant, so that a knee can hang beside its own past and beside the other knee. */
export const IMAGES = graphql(`
  query ViewerImages($id: ID!) {
    node(id: $id) {
      ... on KneeExam {
        __typename
        id
        side
        visit {
          code
        }
        participant {
          oaiId
          visits {
            code
            exams {
              id
              side
              radiographs {
                id
                view
                bilateral
                pixelSpacing
                provenance
                image {
                  url
                }
              }
              mriSeries(synthetic: null) {
                id
                sequence
                plane
                provenance
                volume {
                  url
                }
                generation {
                  id
                  bundle {
                    name
                    version
                  }
                }
              }
            }
          }
        }
      }
    }
  }
`);

export type ViewedExam = Extract<NonNullable<ResultOf<typeof IMAGES>['node']>, { __typename: 'KneeExam' }>;

/** What a generation was made from, what came of it, and what its knee has besides. */
export const RUN_IMAGES = graphql(
  `
    query ViewerRunImages($id: ID!) {
      generation(id: $id) {
        id
        side
        seed
        parameters
        bundle {
          name
          version
        }
        radiograph {
          id
          view
          bilateral
          pixelSpacing
          provenance
          image {
            url
          }
        }
        upload {
          id
          pixelSpacing
          image {
            url
          }
          generations(first: 20, where: { state: { eq: SUCCEEDED } }) {
            nodes {
              ...MadeVolume
            }
          }
        }
        outputs {
          kind
          url
        }
        exam {
          id
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
              ...MadeVolume
            }
          }
        }
      }
    }
  `,
  [MADE_VOLUME],
);

export type ViewedRun = NonNullable<ResultOf<typeof RUN_IMAGES>['generation']>;
