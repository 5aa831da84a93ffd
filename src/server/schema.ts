import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { RESOLVERS } from '../resolvers/index.js';

let built: Promise<GraphQLSchema> | undefined;

/** The executable schema. type-graphql keeps its metadata in one global place, so it is built once a process. */
export function platformSchema(): Promise<GraphQLSchema> {
  return (built ??= build());
}

/** What the three roots are for; type-graphql has no decorator that could say it. */
const ROOTS = {
  Query: 'What can be read. A list takes a filter, an order and a page.',
  Mutation: 'What can be changed. Each takes one `input` and gives back a payload that names what it is about.',
  Subscription: 'What can be followed while it runs, over WebSocket or server-sent events.',
};

async function build(): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: RESOLVERS,
    validate: false,
    // Events come from the database; type-graphql asks for a PubSub wherever there are subscriptions.
    pubSub: { publish: refuse, subscribe: refuse },
  });
  for (const [root, description] of Object.entries(ROOTS)) schema.getType(root)!.description = description;
  return schema;
}

function refuse(): never {
  throw new Error('Subscriptions read the event log; nothing is published in memory.');
}
