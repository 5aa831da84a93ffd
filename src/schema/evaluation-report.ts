import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'A chart of a report.' })
export class EvaluationChart {
  @Field(() => String, { description: 'Name to ask `file` for, without the ending.' })
  name!: string;

  @Field(() => String, { description: 'Its heading.' })
  title!: string;

  @Field(() => String, { description: 'What it shows, and of whose data.' })
  caption!: string;

  @Field(() => GraphQLJSONObject, { description: 'vega-lite, with its data.' })
  spec!: object;
}

@ObjectType({ simpleResolvers: true, description: 'A table of a report, every cell as it is printed.' })
export class EvaluationTable {
  @Field(() => String, { description: 'Its name, unique in the report.' })
  name!: string;

  @Field(() => String, { description: 'Its heading.' })
  title!: string;

  @Field(() => String, { description: 'What it shows, and of whose data.' })
  caption!: string;

  @Field(() => [String], { description: 'Headings of the columns.' })
  columns!: string[];

  @Field(() => [[String]], { description: 'Its lines from the top, each with one cell a column.' })
  rows!: string[][];
}

@ObjectType({ simpleResolvers: true, description: 'A picture of a report that is no chart.' })
export class EvaluationSheet {
  @Field(() => String, { description: 'Name to ask `file` for, without the ending.' })
  name!: string;

  @Field(() => String, { description: 'Its heading.' })
  title!: string;

  @Field(() => String, { description: 'What it shows, and of whose data.' })
  caption!: string;
}

@ObjectType('EvaluationReport', {
  description: 'The report of a finished evaluation. Its captions say whose data it speaks of.',
})
export class EvaluationReportItem {
  @Field(() => [EvaluationChart], { description: 'Its charts.' })
  charts!: EvaluationChart[];

  @Field(() => [EvaluationTable], { description: 'Its tables.' })
  tables!: EvaluationTable[];

  @Field(() => [EvaluationSheet], { description: 'Its other pictures.' })
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
