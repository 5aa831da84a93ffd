import { Field, Float, ObjectType } from 'type-graphql';
import { FEATURES } from '../domain/features.js';
import type { FeatureCode, Grades } from '../domain/features.js';
import { MISSING_CODES } from '../domain/missing.js';
import { FeatureEnum } from './enums.js';

@ObjectType({ simpleResolvers: true, description: 'One of the 19 radiographic features as graded.' })
export class Grade {
  @Field(() => FeatureEnum, { description: 'The radiographic feature.' })
  feature!: FeatureCode;

  @Field(() => String, { description: 'What the feature is, in words.' })
  name!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'Null = missing. A reading of joint space narrowing may carry a within-grade decimal: an order, never an amount.',
  })
  grade!: number | null;

  @Field(() => String, { nullable: true, description: "OAI's code of a missing grade, e.g. `.P`." })
  missing!: string | null;

  @Field(() => String, { nullable: true, description: 'What the missing code means.' })
  missingReason!: string | null;
}

/** The 19 grades in their one order. */
export function gradeList(grades: Grades, missing: Partial<Record<FeatureCode, string>> = {}): Grade[] {
  return FEATURES.map(({ code, name }): Grade => {
    const grade = grades[code] ?? null;
    const reason = grade === null ? (missing[code] ?? null) : null;
    return {
      feature: code,
      name,
      grade,
      missing: reason,
      missingReason: reason === null ? null : (MISSING_CODES[reason] ?? null),
    };
  });
}

/** The grades that a request replaces; a null one is treated as missing. */
export function overrideList(overrides: Grades): Grade[] {
  return gradeList(overrides).filter(({ feature }) => feature in overrides);
}
