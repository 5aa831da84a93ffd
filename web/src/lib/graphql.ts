export { graphql, type FragmentOf, type ResultOf, type VariablesOf } from '../../../clients/typescript/src/index.ts';
