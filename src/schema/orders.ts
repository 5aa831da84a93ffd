import { Field, InputType } from 'type-graphql';
import { FEATURES } from '../domain/features.js';
import type { NumberRequest } from '../domain/knee-numbers.js';
import { enumMeanings, variablesOf } from '../domain/variables/index.js';
import { described } from './enum-types.js';
import { DirectionEnum } from './enums.js';
import { KneeNumberInput } from './knee-numbers.js';

/** One term of an `orderBy` list. */
export interface OrderInput {
  field: string;
  direction: 'ASC' | 'DESC';
}

/** One term of an order of knee exams: a field, or a number instead. */
export interface KneeExamOrderInput {
  field?: string | null;
  number?: NumberRequest | null;
  direction: 'ASC' | 'DESC';
}

const WHAT = 'What a list can be ordered by.';
const TERMS = 'The first term decides, the next ones break ties.';
const DIRECTION = { defaultValue: 'ASC', description: 'Missing values come last either way.' } as const;

type OrderClass = new () => OrderInput;

export const ParticipantOrder = orderInput('ParticipantOrder', {
  OAI_ID: 'OAI id.',
  ...enumMeanings(variablesOf('participant', 'order')),
});

export const KneeOrder = orderInput('KneeOrder', {
  OAI_ID: "The participant's OAI id.",
  SIDE: 'Left or right.',
  ...enumMeanings(variablesOf('participant', 'order')),
});

const KneeExamOrderFieldEnum = described('KneeExamOrderField', WHAT, {
  KL: 'Kellgren-Lawrence grade of the preferred reading.',
  VISIT: 'Time point, in order of time.',
  SIDE: 'Left or right.',
  OAI_ID: "The participant's OAI id.",
  ...enumMeanings(variablesOf(null, 'order')),
  ...Object.fromEntries(
    FEATURES.map(({ code, name, levels }) => [code, `${name}, 0-${levels - 1}, preferred reading.`]),
  ),
});

@InputType({ description: TERMS })
export class KneeExamOrder implements KneeExamOrderInput {
  @Field(() => KneeExamOrderFieldEnum, { nullable: true, description: 'What to order by; or else `number`.' })
  field?: string | null;

  @Field(() => KneeNumberInput, { nullable: true, description: 'A variable, its change or its slope instead.' })
  number?: KneeNumberInput | null;

  @Field(() => DirectionEnum, DIRECTION)
  direction!: 'ASC' | 'DESC';
}

export const GenerationOrder = orderInput('GenerationOrder', {
  CREATED_AT: 'When it was asked for.',
  FINISHED_AT: 'When it reached a final state.',
  STATE: 'State.',
  PSNR: 'Median PSNR over the slices.',
  SSIM: 'Median SSIM over the slices.',
  RSSIM: 'Median RSSIM over the slices.',
  DURATION: 'From its first start to its end.',
});

export const BatchOrder = orderInput('BatchOrder', {
  CREATED_AT: 'When it was asked for.',
  FINISHED_AT: 'When it reached a final state.',
});

export const DerivedVariableOrder = orderInput('DerivedVariableOrder', {
  NAME: 'Name.',
  CREATED_AT: 'When it was defined.',
  UPDATED_AT: 'When its newest version was made.',
});

export const CohortOrder = orderInput('CohortOrder', {
  NAME: 'Name.',
  CREATED_AT: 'When it was made.',
  UPDATED_AT: 'When its newest version was made.',
});

function orderInput(name: string, meanings: Record<string, string>): OrderClass {
  const FieldEnum = described(`${name}Field`, WHAT, meanings);
  class Order {
    field!: string;
    direction!: 'ASC' | 'DESC';
  }
  InputType(name, { description: TERMS })(Order);
  Field(() => FieldEnum, { description: 'What to order by.' })(Order.prototype, 'field');
  Field(() => DirectionEnum, DIRECTION)(Order.prototype, 'direction');
  return Order;
}
