import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const DERIVED_VARIABLES = graphql(`
  query DerivedVariables($after: String) {
    derivedVariables(first: 50, after: $after) {
      nodes {
        id
        name
        label
        kind
        version
        owner
        updatedAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const DERIVED_VARIABLE = graphql(`
  query DerivedVariable($name: String!) {
    derivedVariable(name: $name) {
      id
      name
      label
      description
      kind
      version
      owner
      updatedAt
      canChange
      problem
      where
      bands {
        code
        label
        where
      }
      versions(first: 20) {
        nodes {
          version
          label
          createdAt
          createdBy
          note
          where
          bands {
            code
            label
            where
          }
        }
      }
    }
  }
`);

export type DerivedVariableDetail = NonNullable<ResultOf<typeof DERIVED_VARIABLE>['derivedVariable']>;

export const CREATE_DERIVED_VARIABLE = graphql(`
  mutation CreateDerivedVariable($input: CreateDerivedVariableInput!) {
    createDerivedVariable(input: $input) {
      derivedVariable {
        id
        name
      }
    }
  }
`);

export const UPDATE_DERIVED_VARIABLE = graphql(`
  mutation UpdateDerivedVariable($input: UpdateDerivedVariableInput!) {
    updateDerivedVariable(input: $input) {
      derivedVariable {
        id
        version
      }
    }
  }
`);

export const DELETE_DERIVED_VARIABLE = graphql(`
  mutation DeleteDerivedVariable($id: ID!) {
    deleteDerivedVariable(input: { id: $id }) {
      deletedDerivedVariableId
    }
  }
`);
