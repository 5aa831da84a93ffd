import { graphql } from '../../lib/graphql.ts';

export const RESTORE = graphql(`
  mutation Restore($input: RestoreRadiographInput!) {
    restoreRadiograph(input: $input) {
      generation {
        id
      }
    }
  }
`);
