import { Field, Float, Int, ObjectType } from 'type-graphql';
import { COMPETING_EVENTS, LEFT_OUT, SURVIVAL_EVENTS } from '../domain/survival.js';
import { FacetValue } from './aggregates.js';
import { choices } from './enum-types.js';

const REPLACEMENT =
  'The knee is replaced, whether that is confirmed or only told; what adjudication did not confirm is not.';
const DEATH = 'The participant dies.';

export const SurvivalEventEnum = choices('SurvivalEvent', SURVIVAL_EVENTS, 'What can happen to a knee.', {
  KL_GE_2: 'A KL grade of 2 or more, in knees of KL 0 or 1: radiographic osteoarthritis.',
  KL_PROGRESSION: 'A KL grade higher than that at the origin, in knees of KL 2 or 3.',
  JSN_PROGRESSION:
    'A grade of joint space narrowing, medial or lateral, that is higher than that at the origin by a whole grade.',
  KNEE_REPLACEMENT: REPLACEMENT,
  DEATH,
});

export const CompetingEventEnum = choices(
  'CompetingEvent',
  COMPETING_EVENTS,
  'What ends the risk of something else, and is no censoring.',
  { KNEE_REPLACEMENT: REPLACEMENT, DEATH },
);

const LeftOutEnum = choices('SurvivalExclusion', LEFT_OUT, 'Why no time is told of a knee that was examined.', {
  HAD_EVENT: 'It had the event at the origin.',
  NOT_AT_RISK: 'The event cannot befall it: a prosthesis, or a grade from which none counts.',
  NOT_ASSESSED: 'Its grade at the origin is missing.',
  NOT_FOLLOWED: 'Nothing is known of it after the origin, or not when it happened.',
});

@ObjectType({ simpleResolvers: true, description: 'A curve at a day. It holds up to the next step.' })
export class SurvivalPoint {
  @Field(() => Int, { description: 'Days after the exam at the origin.' })
  day!: number;

  @Field(() => Int, { description: 'Knees followed to this day or longer.' })
  atRisk!: number;

  @Field(() => Int, { description: 'Events at this day; where `at` was given, since the day before it in the list.' })
  events!: number;

  @Field(() => Float, { description: 'Share, 0 to 1.' })
  estimate!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Knees of one person are taken to depend on one another. Null where the share is 0 or 1.',
  })
  standardError!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Lower end of the 95 % interval; null where the share is 0 or 1.',
  })
  lower!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Upper end of the 95 % interval; null where the share is 0 or 1.',
  })
  upper!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'Share of knees that something has happened to, by time.' })
export class CumulativeIncidence {
  @Field(() => SurvivalEventEnum, { description: 'What has happened.' })
  event!: string;

  @Field(() => [SurvivalPoint], { description: 'Aalen and Johansen; in order of time.' })
  points!: SurvivalPoint[];
}

@ObjectType({ simpleResolvers: true, description: 'How many knees a competing event befell.' })
export class CompetingCount {
  @Field(() => CompetingEventEnum, { description: 'What happened.' })
  event!: string;

  @Field(() => Int, { description: 'Knees that it ended the risk of.' })
  knees!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Knees of one group, at risk at the origin and followed after it.' })
export class SurvivalGroup {
  @Field(() => [FacetValue], { description: 'In the order of `by`.' })
  values!: FacetValue[];

  @Field(() => Int, { description: 'Knees.' })
  knees!: number;

  @Field(() => Int, { description: 'Different people behind the knees.' })
  participants!: number;

  @Field(() => Int, { description: 'Knees with the event.' })
  events!: number;

  @Field(() => Int, { description: 'Knees followed without any event.' })
  censored!: number;

  @Field(() => [CompetingCount], { description: 'In the order of `competing`.' })
  competing!: CompetingCount[];

  @Field(() => [SurvivalPoint], {
    description: 'Share without the event, by Kaplan and Meier: competing events count as censoring here.',
  })
  kaplanMeier!: SurvivalPoint[];

  @Field(() => [CumulativeIncidence], {
    description: 'Of the event and of each competing one; none unless something competes.',
  })
  cumulativeIncidence!: CumulativeIncidence[];
}

@ObjectType({ simpleResolvers: true, description: 'How many knees were left out for one reason.' })
export class SurvivalExclusionCount {
  @Field(() => LeftOutEnum, { description: 'Why.' })
  reason!: string;

  @Field(() => Int, { description: 'Knees.' })
  knees!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Statistic of a test, and how likely one at least as large is if groups are alike.',
})
export class ScoreTest {
  @Field(() => Float, { description: 'Chi-square.' })
  chiSquare!: number;

  @Field(() => Int, { description: 'Groups less one.' })
  degreesOfFreedom!: number;

  @Field(() => Float, { description: '0 to 1.' })
  pValue!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A test of whether groups differ.' })
export class GroupTest {
  @Field(() => ScoreTest, {
    nullable: true,
    description:
      'With the knees of one person taken to depend on one another: the one to quote. Null where it cannot be told.',
  })
  clustered!: ScoreTest | null;

  @Field(() => ScoreTest, {
    nullable: true,
    description:
      'As if every knee were of another person, as programs without clusters give it. Null where it cannot be told.',
  })
  independent!: ScoreTest | null;
}

@ObjectType({ simpleResolvers: true, description: 'Time from a visit to an event.' })
export class Survival {
  @Field(() => Int, { description: 'Knees that were examined at the origin and fit the filter.' })
  examined!: number;

  @Field(() => [SurvivalExclusionCount], {
    description: 'Every reason with its number; the other knees are in the groups.',
  })
  leftOut!: SurvivalExclusionCount[];

  @Field(() => [SurvivalGroup], { description: 'Groups with a knee in them; one without `by`.' })
  groups!: SurvivalGroup[];

  @Field(() => GroupTest, {
    nullable: true,
    description:
      'Log-rank test between the groups whose values are known: competing events count as censoring. Null for fewer than two.',
  })
  logRank!: GroupTest | null;

  @Field(() => GroupTest, {
    nullable: true,
    description:
      "Gray's test of the event's cumulative incidence between those groups; null unless something competes.",
  })
  gray!: GroupTest | null;
}
