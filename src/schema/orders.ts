import { Field, InputType, registerEnumType } from 'type-graphql';
import { FEATURE_CODES } from '../domain/features.js';
import { DirectionEnum } from './enums.js';

/** One term of an `orderBy` list. */
export interface OrderInput {
  field: string;
  direction: 'ASC' | 'DESC';
}

type OrderClass = new () => OrderInput;

export const ParticipantOrder = orderInput('ParticipantOrder', ['OAI_ID', 'SEX', 'RACE', 'COHORT', 'SITE']);

export const KneeExamOrder = orderInput('KneeExamOrder', [
  'KL',
  'VISIT',
  'DATE',
  'SIDE',
  'AGE',
  'BMI',
  'OAI_ID',
  'SEX',
  'SITE',
  'WOMAC_PAIN',
  'WOMAC_DISABILITY',
  'WOMAC_STIFFNESS',
  'WOMAC_TOTAL',
  'KOOS_PAIN',
  ...FEATURE_CODES,
]);

export const GenerationOrder = orderInput('GenerationOrder', [
  'CREATED_AT',
  'FINISHED_AT',
  'STATE',
  'PSNR',
  'SSIM',
  'RSSIM',
  'DURATION',
]);

export const BatchOrder = orderInput('BatchOrder', ['CREATED_AT', 'FINISHED_AT']);

export const CohortOrder = orderInput('CohortOrder', ['NAME', 'CREATED_AT', 'UPDATED_AT']);

function orderInput(name: string, fields: readonly string[]): OrderClass {
  const FieldEnum = Object.fromEntries(fields.map((field) => [field, field]));
  registerEnumType(FieldEnum, { name: `${name}Field`, description: 'What a list can be ordered by.' });
  class Order {
    field!: string;
    direction!: 'ASC' | 'DESC';
  }
  InputType(name, { description: 'The first term decides, the next ones break ties.' })(Order);
  Field(() => FieldEnum, {})(Order.prototype, 'field');
  Field(() => DirectionEnum, { defaultValue: 'ASC', description: 'Missing values come last either way.' })(
    Order.prototype,
    'direction',
  );
  return Order;
}
