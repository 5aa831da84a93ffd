import { graphql } from '../../lib/graphql.ts';

export const SUPER_RESOLVE = graphql(`
  mutation SuperResolve($input: SuperResolveSeriesInput!) {
    superResolveSeries(input: $input) {
      generation {
        id
      }
    }
  }
`);

export const INPAINT = graphql(`
  mutation Inpaint($input: InpaintSeriesInput!) {
    inpaintSeries(input: $input) {
      generation {
        id
      }
    }
  }
`);
