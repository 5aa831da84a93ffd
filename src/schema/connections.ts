import type { GraphQLResolveInfo } from 'graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import type { ClassType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'Where a page lies in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there are rows after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether there are rows before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of its first row: pass it as `before`, with `last`, to get the page before.',
  })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of its last row: pass it as `after` to get the next page.',
  })
  endCursor!: string | null;
}

/** An edge as resolvers hand it over. */
export interface EdgeOf<T> {
  node: T;
  cursor: string;
}

/** A connection as resolvers hand it over: nothing is read before it is asked for. */
export interface ConnectionOf<T> {
  edges: () => Promise<EdgeOf<T>[]>;
  nodes: (args: object, context: unknown, info: GraphQLResolveInfo) => Promise<T[]>;
  pageInfo: () => Promise<PageInfo>;
  totalCount: () => Promise<number | null>;
}

/**
 * Declares `<name>Connection` and `<name>Edge`.
 *
 * @returns the connection's class.
 */
export function connectionType<T extends object>(name: string, node: () => ClassType<T>): ClassType<ConnectionOf<T>> {
  class Edge {}
  ObjectType(`${name}Edge`, { simpleResolvers: true, description: 'A row of a page, with its place in the list.' })(
    Edge,
  );
  Field(() => node(), { description: 'The row itself.' })(Edge.prototype, 'node');
  Field(() => String, { description: 'Opaque position in the list.' })(Edge.prototype, 'cursor');

  class Connection {}
  ObjectType(`${name}Connection`, { simpleResolvers: true, description: 'One page of a list.' })(Connection);
  Field(() => [Edge], { description: 'The rows of the page with their cursors.' })(Connection.prototype, 'edges');
  Field(() => [node()], { description: 'The rows of the page: the nodes of the edges.' })(
    Connection.prototype,
    'nodes',
  );
  Field(() => PageInfo, { description: 'Where the page lies in the list.' })(Connection.prototype, 'pageInfo');
  Field(() => Int, {
    nullable: true,
    description:
      'Rows in the whole list; counted only when asked for. A token of role SUMMARY gets it for few lists, rounded to fives, and ' +
      'null for fewer than 5.',
  })(Connection.prototype, 'totalCount');
  return Connection as ClassType<ConnectionOf<T>>;
}
