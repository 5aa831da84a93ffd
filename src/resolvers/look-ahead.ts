import { Kind } from 'graphql';
import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/** Fields selected below a field, by name: fragments spread, aliases merged. */
export class Selection {
  private readonly byName = new Map<string, FieldNode[]>();
  private readonly below = new Map<string, Selection>();

  constructor(
    sets: readonly SelectionSetNode[],
    private readonly fragments: GraphQLResolveInfo['fragments'],
  ) {
    for (const set of sets) this.collect(set);
  }

  /** Names of the fields. What a directive leaves out is among them: reading it in vain is no fault. */
  get names(): Iterable<string> {
    return this.byName.keys();
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Whether a field is selected somewhere with its default arguments. */
  hasPlain(name: string): boolean {
    return (this.byName.get(name) ?? []).some(({ arguments: given }) => !given?.length);
  }

  /** What is selected below any of these fields. */
  under(...names: readonly string[]): Selection {
    const key = names.join();
    let selection = this.below.get(key);
    if (!selection) {
      const fields = names.flatMap((name) => this.byName.get(name) ?? []);
      const sets = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
      this.below.set(key, (selection = new Selection(sets, this.fragments)));
    }
    return selection;
  }

  private collect(set: SelectionSetNode): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        const fields = this.byName.get(name);
        if (fields) fields.push(selection);
        else this.byName.set(name, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.collect(selection.selectionSet);
      } else {
        const fragment = this.fragments[selection.name.value];
        if (fragment) this.collect(fragment.selectionSet);
      }
    }
  }
}

/** By the field's node: the server keeps parsed documents, so one that comes again is looked through once. */
const known = new WeakMap<FieldNode, Selection>();

/** What an operation selects below the field that is being resolved. */
export function selectionOf({ fieldNodes, fragments }: GraphQLResolveInfo): Selection {
  const [field, ...more] = fieldNodes;
  const remembered = more.length === 0 ? known.get(field!) : undefined;
  if (remembered) return remembered;
  const sets = fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const selection = new Selection(sets, fragments);
  // A field that is merged with others may be merged with none, or with different ones, in another operation of the document.
  if (more.length === 0) known.set(field!, selection);
  return selection;
}
