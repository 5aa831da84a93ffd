import { Link } from 'react-router';
import { useQuery } from 'urql';
import { Badge } from '../../components/badge.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { fileSize, meaning } from '../../lib/words.ts';
import { figureText, headlines, type Manifest, measurements } from './manifest.ts';
import { type Bundle, BUNDLES } from './queries.ts';

const COLUMNS = ['Bundle', 'State', 'Task', 'Size', 'Sampler', 'Trained on', 'Figures of its card'];

/** Every registered version of every model. */
export function ModelList() {
  const [{ data, error }, again] = useQuery({ query: BUNDLES, requestPolicy: 'cache-and-network' });
  if (error)
    return (
      <ErrorNote
        title="Could not load the models"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading models" />;
  if (data.bundles.length === 0) {
    return (
      <EmptyNote
        title="No bundle is registered"
        message="The server registers every bundle of its models folder when it starts; one ships with Osteograph."
      />
    );
  }
  return (
    <Page
      title="Models"
      lead="Figures are those that each manifest reports, on the data it names; compare bundles by an evaluation."
      asked={{ document: BUNDLES }}
    >
      <Table label="Bundles" columns={COLUMNS}>
        {data.bundles.map((bundle) => (
          <Row key={bundle.id} bundle={bundle} />
        ))}
      </Table>
    </Page>
  );
}

function Row({ bundle }: { bundle: Bundle }) {
  const { name, version, state, refusal, task, bytes, defaultSampler, defaultSteps } = bundle;
  const manifest: Manifest = bundle.manifest;
  const figures = headlines(manifest);
  const rows = measurements(manifest)?.rows.length ?? 0;
  return (
    <tr>
      <th scope="row">
        <Link to={`/models/${name}@${version}`}>
          {name}@{version}
        </Link>
      </th>
      <td>
        <StateBadge state={state} />
        {refusal && <small>{refusal}</small>}
      </td>
      <td>{meaning('GenerationTask', task)}</td>
      <td>{bytes === null ? '–' : fileSize(bytes)}</td>
      <td>{defaultSampler === null ? '–' : `${defaultSampler}, ${defaultSteps} ${defaultSteps === 1 ? 'step' : 'steps'}`}</td>
      <td>
        <TrainedOn manifest={manifest} />
      </td>
      <td>
        {figures.map((figure) => (
          <div key={figure.name}>
            {figure.name} {figureText(figure)}
          </div>
        ))}
        {figures.length === 0 && (rows > 0 ? `${rows} rows on its card` : 'none')}
      </td>
    </tr>
  );
}

/** Whether a model has ever seen a person. */
export function TrainedOn({ manifest: { trainedOn } }: { manifest: Manifest }) {
  if (!trainedOn) return 'not said';
  const { synthetic, data, films, people } = trainedOn;
  if (synthetic) return <Badge tone="warn">synthetic data only</Badge>;
  if (typeof films === 'number' && typeof people === 'number') {
    return `${films.toLocaleString('en')} real films of ${people.toLocaleString('en')} people`;
  }
  return typeof data === 'string' ? data : 'see its card';
}
