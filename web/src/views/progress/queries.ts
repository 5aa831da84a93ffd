import { graphql } from '../../lib/graphql.ts';

export const PROGRESS_RADIOGRAPH = graphql(`
  mutation GenerateProgression($input: GenerateProgressionInput!) {
    generateProgression(input: $input) {
      generation {
        id
      }
    }
  }
`);
