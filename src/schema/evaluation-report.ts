import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'A chart of a report.' })
export class EvaluationChart {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;

  @Field(() => GraphQLJSONObject, { description: 'vega-lite, with its data.' })
  spec!: object;
}

@ObjectType({ simpleResolvers: true, description: 'A table of a report, every cell as it is printed.' })
export class EvaluationTable {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;

  @Field(() => [String])
  columns!: string[];

  @Field(() => [[String]])
  rows!: string[][];
}

@ObjectType({ simpleResolvers: true, description: 'A picture of a report that is no chart.' })
export class EvaluationSheet {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  caption!: string;
}

@ObjectType('EvaluationReport', {
  description: 'The report of a finished evaluation. Its captions say whose data it speaks of.',
})
export class EvaluationReportItem {
  @Field(() => [EvaluationChart])
  charts!: EvaluationChart[];

  @Field(() => [EvaluationTable])
  tables!: EvaluationTable[];

  @Field(() => [EvaluationSheet])
  sheets!: EvaluationSheet[];

  constructor(
    readonly evaluationId: string,
    report: Pick<EvaluationReportItem, 'charts' | 'tables' | 'sheets'>,
  ) {
    this.charts = report.charts;
    this.tables = report.tables;
    this.sheets = report.sheets;
  }
}
