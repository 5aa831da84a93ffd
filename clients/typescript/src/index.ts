export { connect, type ConnectOptions, type Osteograph } from './connect.ts';
export { OsteographError } from './errors.ts';
export type { Connection, FollowOptions } from './follow.ts';
export { graphql, type FragmentOf, type ResultOf, type TadaDocumentNode, type VariablesOf } from './graphql.ts';
export type { BatchEvent, EvaluationEvent, GenerationEvent, Kind, Kinds, LogDocument, Numbered } from './logs.ts';
