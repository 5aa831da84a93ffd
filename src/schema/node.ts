import { Field, ID, InterfaceType } from 'type-graphql';
import { decodeId, encodeId } from '../domain/global-ids.js';
import type { NodeType } from '../domain/global-ids.js';

/** Anything with an id of its own. */
@InterfaceType('Node', {
  description: 'Anything with an id of its own; `node(id)` finds it again.',
  resolveType: (value: Node) => decodeId(value.id)?.type,
})
export abstract class Node {
  @Field(() => ID, { description: 'Opaque; one space of ids for every kind of node.' })
  id: string;

  constructor(type: NodeType, key: number | string) {
    this.id = encodeId(type, key);
  }
}
