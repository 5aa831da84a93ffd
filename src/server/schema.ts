import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { RESOLVERS } from '../resolvers/index.js';

let built: Promise<GraphQLSchema> | undefined;

/** The executable schema. type-graphql keeps its metadata in one global place, so it is built once a process. */
export function platformSchema(): Promise<GraphQLSchema> {
  return (built ??= buildSchema({
    resolvers: RESOLVERS,
    validate: false,
    // Events come from the database; type-graphql asks for a PubSub wherever there are subscriptions.
    pubSub: { publish: refuse, subscribe: refuse },
  }));
}

function refuse(): never {
  throw new Error('Subscriptions read the event log; nothing is published in memory.');
}
