import { Badge } from '../../components/badge.tsx';
import { Chart } from './chart.tsx';
import { Headline } from './headline.tsx';
import { PaperNote } from './paper-note.tsx';
import type { Evaluation } from './queries.ts';
import { ReportTable } from './report-table.tsx';
import { Sheet } from './sheet.tsx';
import styles from './report.module.css';

/** What came of an evaluation: figures, charts, pictures and tables. */
export function ReportView({ evaluation }: { evaluation: Evaluation }) {
  const { id, report, examCount, phantomCount } = evaluation;
  if (!report) return null;
  const table = (name: string) => report.tables.filter((one) => one.name === name);
  // The headline says what the table "summary" says, in one line per arm.
  const rest = report.tables.filter(({ name }) => !['summary', 'comparisons'].includes(name));
  return (
    <>
      <p>
        <Badge tone="warn">{phantomCount === examCount ? 'phantoms only' : 'synthetic volumes'}</Badge>{' '}
        {whose(evaluation)}
      </p>
      <Headline evaluation={evaluation} />
      <div className={styles.charts}>
        {report.charts.map((chart) => (
          <Chart key={chart.name} chart={chart} />
        ))}
      </div>
      {table('comparisons').map((one) => (
        <ReportTable key={one.name} table={one} />
      ))}
      {report.sheets.map((sheet) => (
        <Sheet key={sheet.name} id={id} sheet={sheet} />
      ))}
      {rest.map((one) => (
        <ReportTable key={one.name} table={one} />
      ))}
      <PaperNote phantoms={phantomCount > 0} />
    </>
  );
}

function whose({ examCount, phantomCount }: Evaluation): string {
  const generated = 'Every generated volume is synthetic. Nothing here is clinically valid.';
  if (phantomCount === 0) return `Generated volumes are compared with imported MRI series. ${generated}`;
  const some =
    phantomCount === examCount ? 'All of these knees are' : `${phantomCount} of these ${examCount} knees are`;
  return `${some} phantoms: drawings of invented people. Their figures say nothing about real knees. ${generated}`;
}
