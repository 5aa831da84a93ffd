import { Link } from 'react-router';
import { Card } from '../../components/card.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { Table } from '../../components/table.tsx';
import type { Connection } from '../../lib/use-follow.ts';
import { count, decimal, duration } from '../../lib/words.ts';
import type { Evaluation, Scored } from './queries.ts';
import type { Live } from './use-evaluation.ts';

interface ProgressProps {
  evaluation: Evaluation;
  state: Evaluation['state'];
  live: Live;
  connection: Connection;
}

/** How far an evaluation is, and the volumes that were scored last. */
export function Progress({ evaluation, state, live: { volumes, since }, connection }: ProgressProps) {
  const { done, failed, total } = volumes[0] ?? evaluation.counters;
  const { reused } = evaluation.counters;
  const left = timeLeft(volumes[0], since);
  const doing =
    state === 'QUEUED'
      ? 'Waiting for a server'
      : done === total
        ? 'Making the report'
        : 'Generating and scoring volumes';
  return (
    <>
      <ProgressBar
        fraction={done / total}
        connection={connection}
        message={state === 'QUEUED' ? evaluation.waitingReason : null}
      >
        <span>{doing}</span>
        <span>
          {count(done)} of {count(total)} volumes
        </span>
        {reused > 0 && <span>{count(reused)} were there before</span>}
        {failed > 0 && <span>{count(failed)} failed</span>}
        {left !== undefined && <span>about {duration(left)} left</span>}
      </ProgressBar>
      {volumes.length > 0 && (
        <Card title="Scored last">
          <Table
            plain
            label="Volumes that were scored last"
            columns={['Arm', 'Knee', 'PSNR', 'SSIM', 'RSSIM', 'Volume']}
          >
            {volumes.map((volume) => (
              <Row key={volume.seq} volume={volume} label={evaluation.arms[volume.arm]!.label} />
            ))}
          </Table>
        </Card>
      )}
    </>
  );
}

function Row({ volume, label }: { volume: Scored; label: string }) {
  const { examId, generationId, reused, psnr, ssim, rssim, error } = volume;
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>
        <Link to={`/exams/${examId}`}>exam</Link>
      </td>
      <td>{decimal(psnr, 1, ' dB')}</td>
      <td>{decimal(ssim, 3)}</td>
      <td>{decimal(rssim, 3)}</td>
      <td>
        {generationId && <Link to={`/generations/${generationId}`}>{reused ? 'made before' : 'generation'}</Link>}
        {error && <small>{error}</small>}
      </td>
    </tr>
  );
}

/** From the pace since the first event that arrived here; undefined before there is one. */
function timeLeft(newest: Scored | undefined, since: Live['since']): number | undefined {
  if (!newest || !since) return undefined;
  const [passed, gained] = [Date.parse(newest.at) - since.at, newest.done - since.done];
  return passed > 0 && gained > 0 && newest.done < newest.total
    ? (passed / gained) * (newest.total - newest.done)
    : undefined;
}
