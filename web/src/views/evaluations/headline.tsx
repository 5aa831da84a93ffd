import { Card } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';
import { count, decimal } from '../../lib/words.ts';
import type { Evaluation } from './queries.ts';

type Summary = NonNullable<Evaluation['results']>['summaries'][number];

const METRICS = [
  { metric: 'PSNR', name: 'PSNR, dB', digits: 2 },
  { metric: 'SSIM', name: 'SSIM', digits: 3 },
  { metric: 'RSSIM', name: 'RSSIM', digits: 3 },
  { metric: 'ADJACENT_CORRELATION', name: 'Adjacent slices', digits: 3 },
] as const;

/** Every arm in one line: medians over knees with quartiles and bootstrap interval. */
export function Headline({ evaluation: { arms, results, phantomCount, examCount } }: { evaluation: Evaluation }) {
  if (!results) return null;
  const own = phantomCount === examCount ? 'Own series of the phantoms' : 'Own series of the knees';
  return (
    <Card
      title="Scores"
      note="Median over knees; the score of a knee is the median over its slices. Under it: quartiles, then the 95 % bootstrap interval of the median, resampled by person."
    >
      <Table plain label="Scores" columns={['Arm', ...METRICS.map(({ name }) => name), 'Knees', 'People']}>
        {arms.map(({ index, label }) => {
          const summaries = results.summaries.filter(({ arm }) => arm === index);
          return (
            <tr key={index}>
              <th scope="row">{label}</th>
              {METRICS.map(({ metric, digits }) => (
                <Cell key={metric} spread={summaries.find((summary) => summary.metric === metric)} digits={digits} />
              ))}
              <td>{count(summaries[0]?.exams)}</td>
              <td>{count(summaries[0]?.participants)}</td>
            </tr>
          );
        })}
        <tr>
          <th scope="row">{own}</th>
          <td>–</td>
          <td>–</td>
          <td>–</td>
          <Cell spread={results.series} digits={3} />
          <td>{count(results.series.exams)}</td>
          <td>–</td>
        </tr>
      </Table>
    </Card>
  );
}

type Spread = Pick<Summary, 'median' | 'lowerQuartile' | 'upperQuartile' | 'interval'>;

function Cell({ spread, digits }: { spread: Spread | undefined; digits: number }) {
  if (!spread || spread.median === null) return <td>none</td>;
  const { median, lowerQuartile, upperQuartile, interval } = spread;
  return (
    <td>
      <strong>{decimal(median, digits)}</strong>
      <small>
        {decimal(lowerQuartile, digits)} to {decimal(upperQuartile, digits)}
      </small>
      <small>
        {interval ? `[${decimal(interval.lower, digits)}, ${decimal(interval.upper, digits)}]` : 'no interval'}
      </small>
    </td>
  );
}
