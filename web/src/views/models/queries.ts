import { graphql, type ResultOf } from '../../lib/graphql.ts';

const CARD = graphql(`
  fragment Card on Bundle {
    id
    name
    version
    task
    state
    refusal
    sha256
    bytes
    description
    intendedUse
    licence
    defaultSteps
    defaultSampler
    createdAt
    manifest
    features {
      feature
      levels
    }
  }
`);

export const BUNDLES = graphql(
  `
    query Bundles {
      bundles {
        ...Card
      }
    }
  `,
  [CARD],
);

export const BUNDLE = graphql(
  `
    query Bundle($name: String!) {
      bundle(name: $name) {
        ...Card
      }
    }
  `,
  [CARD],
);

export const RETIRE = graphql(
  `
    mutation RetireBundle($id: ID!) {
      retireBundle(input: { id: $id }) {
        bundle {
          ...Card
        }
      }
    }
  `,
  [CARD],
);

export const REINSTATE = graphql(
  `
    mutation ReinstateBundle($id: ID!) {
      reinstateBundle(input: { id: $id }) {
        bundle {
          ...Card
        }
      }
    }
  `,
  [CARD],
);

export type Bundle = NonNullable<ResultOf<typeof BUNDLE>['bundle']>;
