import { ArgsType, Field, Int } from 'type-graphql';

/** Options of arguments that mean the same wherever they are. */
export const FIRST = { nullable: true, description: 'Rows of the page, 1 to 200; default 25.' } as const;

export const AT_VISITS = { nullable: true, description: 'Only those at these visits; default: all.' } as const;

export const AFTER = {
  nullable: true,
  description: '`endCursor` of the page before, or the cursor of any row; default: from the start.',
} as const;

export const WHERE = { nullable: true, description: 'Only rows that fit; default: all.' } as const;

export const OF_SIDE = { nullable: true, description: 'Only of this side; default: both.' } as const;

export const ORDER_BY = {
  nullable: true,
  description: 'The first term decides, the next ones break ties; default: the order of the list.',
} as const;

/** Which page of a list: from its start with `first` and `after`, or from its end with `last` and `before`. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, FIRST)
  first?: number | null;

  @Field(() => String, AFTER)
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The last rows instead, 1 to 200, in the same order; not with `first`.',
  })
  last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: '`startCursor` of the page after, or the cursor of any row; default: to the end.',
  })
  before?: string | null;
}

/** The one argument of every mutation. */
export const INPUT = { description: 'Everything that the mutation takes.' } as const;

/** @param thing what the id is of, e.g. "batch" */
export function idOf(thing: string) {
  return { description: `Node id of the ${thing}.` } as const;
}
