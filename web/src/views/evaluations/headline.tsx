import { Card } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';
import { count, decimal } from '../../lib/words.ts';
import type { Evaluation } from './queries.ts';

type Summary = NonNullable<Evaluation['results']>['summaries'][number];

const METRICS = [
  { metric: 'PSNR', name: 'PSNR, dB', digits: 2 },
  { metric: 'SSIM', name: 'SSIM', digits: 3 },
  { metric: 'RSSIM', name: 'RSSIM', digits: 3 },
  { metric: 'EDGE_F1', name: 'Edge F1', digits: 3 },
  { metric: 'BONE_DICE', name: 'Bone Dice', digits: 3 },
  { metric: 'SHARPNESS', name: 'Sharpness', digits: 2 },
  { metric: 'ADJACENT_CORRELATION', name: 'Adjacent slices', digits: 3 },
] as const;

const REFERENCES = [
  { reference: 'MEAN_VOLUME', name: "Mean of the other people's series" },
  { reference: 'OTHER_PERSON', name: "Another person's series" },
  { reference: 'OWN_MIRRORED', name: 'Own series, mirrored' },
  { reference: 'OWN_SHIFTED', name: 'Own series, three slices away' },
  { reference: 'BLACK', name: 'Black' },
] as const;

/** Every arm in one line, then volumes that say nothing of the knee: medians over knees with quartiles and bootstrap interval. */
export function Headline({ evaluation: { arms, results, phantomCount, examCount } }: { evaluation: Evaluation }) {
  if (!results) return null;
  const own = phantomCount === examCount ? 'Own series of the phantoms' : 'Own series of the knees';
  return (
    <Card
      title="Scores"
      note="Median over knees; the score of a knee is the median over its slices. Under it: quartiles, then the 95 % bootstrap interval of the median, resampled by person. Volumes that say nothing stand below the arms: a score that does not beat them says nothing about the knee. RSSIM cannot tell a knee from black; blur raises PSNR and lowers the sharpness (1 is as sharp as the real slice)."
    >
      <Table plain label="Scores" columns={['Arm', ...METRICS.map(({ name }) => name), 'Knees', 'People']}>
        {arms.map(({ index, label }) => (
          <Scores key={index} name={label} spreads={results.summaries.filter(({ arm }) => arm === index)} />
        ))}
        {REFERENCES.map(({ reference, name }) => (
          <Scores
            key={reference}
            name={name}
            spreads={results.references.filter((summary) => summary.reference === reference)}
          />
        ))}
        <tr>
          <th scope="row">{own}</th>
          {METRICS.slice(0, -1).map(({ metric }) => (
            <td key={metric}>–</td>
          ))}
          <Cell spread={results.series} digits={3} />
          <td>{count(results.series.exams)}</td>
          <td>–</td>
        </tr>
      </Table>
    </Card>
  );
}

type Scored = Pick<Summary, 'metric' | 'exams' | 'participants'> & Spread;

function Scores({ name, spreads }: { name: string; spreads: readonly Scored[] }) {
  const most = Math.max(0, ...spreads.map(({ exams }) => exams));
  return (
    <tr>
      <th scope="row">{name}</th>
      {METRICS.map(({ metric, digits }) => (
        <Cell key={metric} spread={spreads.find((summary) => summary.metric === metric)} digits={digits} />
      ))}
      <td>{count(most)}</td>
      <td>{count(spreads.find(({ exams }) => exams === most)?.participants ?? 0)}</td>
    </tr>
  );
}

type Spread = Pick<Summary, 'median' | 'lowerQuartile' | 'upperQuartile' | 'interval'>;

function Cell({ spread, digits }: { spread: Spread | undefined; digits: number }) {
  if (!spread) return <td>not measured</td>;
  if (spread.median === null) return <td>none</td>;
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
