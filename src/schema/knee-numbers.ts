import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { UNKNOWN_REASONS } from '../domain/knee-numbers.js';
import type { VisitCode } from '../domain/visits.js';
import { choices } from './enum-types.js';
import { VisitCodeEnum } from './enums.js';
import { VARIABLE_NAME } from './variables.js';

@InputType({ description: 'From one visit of a knee to a later one.' })
export class VisitPeriodInput {
  @Field(() => VisitCodeEnum, { description: 'The earlier visit.' })
  from!: VisitCode;

  @Field(() => VisitCodeEnum, { description: 'The later visit.' })
  to!: VisitCode;
}

const CHANGE = {
  nullable: true,
  description:
    'Instead of the value: that at the later visit minus that at the earlier one. Unknown where either is missing.',
} as const;

const SLOPE = {
  nullable: true,
  description:
    'Instead of the value: the least-squares slope per year of 365.25 days through the values of all visits of the period, its ends ' +
    'included, by their dates where the release has them, else by the nominal months. Unknown with fewer than two values.',
} as const;

@InputType({
  description:
    'A number of a knee: the value of a variable at the exam or, with `change` or `slope`, what became of it. These are of the knee: all of its exams ' +
    'have the same.',
})
export class KneeNumberInput {
  @Field(() => String, { description: VARIABLE_NAME })
  variable!: string;

  @Field(() => VisitPeriodInput, CHANGE)
  change?: VisitPeriodInput | null;

  @Field(() => VisitPeriodInput, SLOPE)
  slope?: VisitPeriodInput | null;
}

@InputType({ description: 'A number of a knee to group by.' })
export class BandedNumberInput extends KneeNumberInput {
  @Field(() => [Float], {
    nullable: true,
    description:
      'Edges of bands, each greater than the one before and belonging to the band above it; the outer bands are open. Without edges every value is ' +
      'a group of its own; a slope needs them.',
  })
  edges?: number[] | null;
}

const UnknownReasonEnum = choices(
  'UnknownReason',
  UNKNOWN_REASONS,
  'Why a change or a slope of a knee is not known: the first of these that holds.',
  {
    MISSING_AT_FROM: 'There is no value at the earlier visit.',
    REPLACED: 'There is none at the later one: the knee was replaced by then.',
    DIED: 'There is none at the later one: the participant had died.',
    MISSED_VISIT: 'There is none at the later one: the participant did not come.',
    NOT_READ: 'There is none at the later one, although the participant came.',
    TOO_FEW_VALUES: 'There are both, and yet no slope through them.',
  },
);

@ObjectType({ simpleResolvers: true, description: 'How many exams have no number for one reason.' })
export class UnknownCount {
  @Field(() => UnknownReasonEnum, { description: 'Why.' })
  reason!: string;

  @Field(() => Int, { description: 'Exams.' })
  exams!: number;
}

/** What `numbers` takes as further dimensions. */
export const NUMBERS = {
  nullable: true,
  description: 'Further dimensions: numbers of knees, by bands or by value.',
} as const;
