import { graphql } from '../../lib/graphql.ts';

/** The runs of a strip, with the slices that are there. */
export const STRIP = graphql(`
  query Strip($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Generation {
        __typename
        id
        state
        error
        featureOverrides {
          feature
          grade
        }
        slices {
          index
          previewUrl
        }
      }
    }
  }
`);
