import { isObjectType, Kind } from 'graphql';
import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo, SelectionSetNode } from 'graphql';

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

/**
 * Fields that selections ask of a type, by the name they are answered under; undefined where that depends on more than the
 * document: on a directive, or on an interface.
 */
export function plainFields(
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  { schema, fragments }: Pick<GraphQLResolveInfo, 'schema' | 'fragments'>,
): Map<string, FieldNode[]> | undefined {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  return sets.every(collect) ? fields : undefined;

  function collect({ selections }: SelectionSetNode): boolean {
    return selections.every((selection) => {
      if (selection.directives?.length) return false;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const nodes = fields.get(key);
        if (nodes) nodes.push(selection);
        else fields.set(key, [selection]);
        return key !== '__proto__';
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value]! : selection;
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(selection.name.value)) return true;
        spread.add(selection.name.value);
      }
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined || condition === type.name) return collect(fragment.selectionSet);
      // Of another object's fields none are asked; an interface or union may hold this type.
      return isObjectType(schema.getType(condition));
    });
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
