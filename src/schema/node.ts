import { Field, ID, InterfaceType } from 'type-graphql';
import { decodeId, encodeId } from '../domain/global-ids.js';
import type { NodeType } from '../domain/global-ids.js';

/** Anything with an id of its own. */
@InterfaceType('Node', {
  description: 'Anything with an id of its own; `node(id)` finds it again.',
  resolveType: (value: Node) => decodeId(value.id)?.type,
})
export abstract class Node {
  constructor(
    private readonly type: NodeType,
    private readonly nodeKey: number | string,
  ) {}

  /** Made when it is asked for. */
  get id(): string {
    return encodeId(this.type, this.nodeKey);
  }
}

// Declared apart: a decorator on the getter would make type-graphql wrap it.
Field(() => ID, { description: 'Opaque; one space of ids for every kind of node.' })(Node.prototype, 'id');
