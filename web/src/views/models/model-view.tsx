import { useParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { FactList } from '../../components/fact-list.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Column, Columns, Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { numericClass, Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { featureName, fileSize, gradeTerm, meaning, moment } from '../../lib/words.ts';
import { figureText, headlines, linesOf, type Manifest, measurements, type Measurements, quartilesText } from './manifest.ts';
import { TrainedOn } from './model-list.tsx';
import { type Bundle, BUNDLE, REINSTATE, RETIRE } from './queries.ts';
import styles from './model-view.module.css';

/** `/models/<name>@<version>`: the model card, from the manifest. */
export function ModelView() {
  const { name = '' } = useParams();
  const [{ data, error }, again] = useQuery({ query: BUNDLE, variables: { name }, requestPolicy: 'cache-and-network' });
  if (error)
    return (
      <ErrorNote
        title="Could not load the model"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the model" />;
  if (!data.bundle) {
    return (
      <EmptyNote title="There is no such bundle" message={`No ${name} is registered here.`}>
        <ButtonLink to="/models">All models</ButtonLink>
      </EmptyNote>
    );
  }
  return <ModelCard bundle={data.bundle} />;
}

function ModelCard({ bundle }: { bundle: Bundle }) {
  const { viewer } = useSession();
  const { name, version, state, refusal, description, intendedUse, features, task } = bundle;
  const manifest: Manifest = bundle.manifest;
  const reference = `${name}@${version}`;
  const usable = state === 'READY' && task === 'XRAY_TO_MRI' && viewer.canGenerate;
  return (
    <Page
      title={reference}
      up={{ to: '/models', label: 'Models' }}
      asked={{ document: BUNDLE, variables: { name: reference } }}
      lead={
        <>
          <StateBadge state={state} />
          <TrainedOn manifest={manifest} />
          {description && <span className={styles.description}>{description}</span>}
        </>
      }
      actions={
        <>
          {viewer.canAdminister && <Retirement bundle={bundle} />}
          {usable && (
            <>
              <ButtonLink to={`/evaluations/new?bundle=${reference}`}>Evaluate</ButtonLink>
              <ButtonLink kind="main" to={`/generate?bundle=${reference}`}>
                Generate with this
              </ButtonLink>
            </>
          )}
        </>
      }
    >
      {refusal && <InlineError message={refusal} />}
      <Figures manifest={manifest} />
      <Columns>
        <Column>
          {intendedUse && (
            <Card title="Intended use and limits">
              <p>{intendedUse}</p>
            </Card>
          )}
          {manifest.trainedOn && (
            <Card title="Trained on">
              <FactList facts={linesOf(manifest.trainedOn)} />
            </Card>
          )}
          <Card title="Bundle">
            <FactList facts={factsOf(bundle)} />
          </Card>
        </Column>
        <Column>
          {manifest.schedule && (
            <Card title="Schedule">
              <FactList
                facts={[
                  ['Sampler', samplerText(manifest)],
                  ...linesOf(manifest.schedule),
                  ...linesOf(manifest.latent ?? {}, 'Latent'),
                ]}
              />
            </Card>
          )}
          <Graphs manifest={manifest} />
        </Column>
      </Columns>
      {features.length > 0 && <Conditioning features={features} />}
    </Page>
  );
}

/** Takes a bundle out of use, or into use again. */
function Retirement({ bundle: { id, state } }: { bundle: Bundle }) {
  const [retired, retire] = useMutation(RETIRE);
  const [reinstated, reinstate] = useMutation(REINSTATE);
  const fault = retired.error ?? reinstated.error;
  const changing = retired.fetching || reinstated.fetching;
  return (
    <>
      {state === 'RETIRED' ? (
        <Button disabled={changing} onClick={() => void reinstate({ id })}>
          Take into use again
        </Button>
      ) : (
        <Button kind="danger" disabled={changing} onClick={() => void retire({ id })}>
          Retire
        </Button>
      )}
      {fault && <InlineError message={sentence(fault)} />}
    </>
  );
}

/** What the manifest says it scores, and on which data. */
function Figures({ manifest }: { manifest: Manifest }) {
  const { data, metrics } = manifest.evaluation ?? {};
  const figures = headlines(manifest);
  const table = measurements(manifest);
  const lines = table ? [] : linesOf(metrics ?? {});
  return (
    <Card
      title="Figures"
      note={`Reported by the manifest, measured on: ${typeof data === 'string' ? data : JSON.stringify(data ?? 'nothing')}`}
    >
      {lines.length === 0 && !table && <p>The manifest reports no figures.</p>}
      {table && <MeasuredTable table={table} />}
      <dl className={styles.headlines}>
        {figures.map((figure) => (
          <div key={figure.name}>
            <dt>
              {figure.name}
              {figure.name === 'PSNR' && ', dB'}
            </dt>
            <dd>{figureText({ ...figure, quartiles: null })}</dd>
            {figure.quartiles && <dd>median; quartiles {quartilesText(figure.quartiles)}</dd>}
          </div>
        ))}
      </dl>
      {lines.length > 0 && (
        <details className={styles.all}>
          <summary>All {lines.length} figures of the manifest</summary>
          <FactList facts={lines} />
        </details>
      )}
    </Card>
  );
}

/** Intervals are those of 95 % that the manifest gives. */
function MeasuredTable({ table: { columns, numeric, rows } }: { table: Measurements }) {
  return (
    <Table plain label="Figures" columns={columns} numeric={numeric}>
      {rows.map((cells, place) => (
        <tr key={place}>
          {cells.map((cell, column) => (
            <td key={column} className={numeric.includes(columns[column]!) ? numericClass : undefined}>
              {cell}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

function Graphs({ manifest: { graphs = {} } }: { manifest: Manifest }) {
  const files = Object.entries(graphs).flatMap(([role, { file, sha256, precision, data = [] }]) => [
    { role: `${role}, ${precision}`, file, sha256 },
    ...data.map((weights) => ({ role: `weights of ${role}`, ...weights })),
  ]);
  if (files.length === 0) return null;
  return (
    <Card title="Graphs" note="ONNX files; a bundle whose files have other digests is refused">
      <FactList
        facts={files.map(({ role, file, sha256 }) => [
          role,
          <>
            {file}
            <code className={styles.digest}>{sha256}</code>
          </>,
        ])}
      />
    </Card>
  );
}

function Conditioning({ features }: Pick<Bundle, 'features'>) {
  return (
    <Card
      title="Conditioned on"
      note={`${features.length} radiographic features; a missing grade is a value of its own, so any may be missing`}
    >
      <Table plain label="Conditioning features" columns={['Feature', 'Code', 'Levels', 'Grades']}>
        {features.map(({ feature: code, levels }) => (
          <tr key={code}>
            <th scope="row">{featureName(code)}</th>
            <td>
              <code>{code}</code>
            </td>
            <td>{levels}</td>
            <td>
              {Array.from({ length: levels }, (_, grade) => `${grade} ${gradeTerm(code, grade).replace(/:.*/, '')}`).join(', ')}
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function factsOf({ task, licence, bytes, sha256, createdAt, manifest }: Bundle): [string, React.ReactNode][] {
  const { authors = [] }: Manifest = manifest;
  return [
    ['Task', meaning('GenerationTask', task)],
    ['Licence', licence ?? 'not said'],
    ['Authors', authors.join(', ') || 'not said'],
    ['Size', bytes === null ? 'unknown' : fileSize(bytes)],
    ['Registered', moment(createdAt)],
    ['SHA-256', <code className={styles.digest}>{sha256}</code>],
  ];
}

function samplerText({ sampler }: Manifest): string {
  if (!sampler) return 'not said';
  return `${sampler.name}, ${sampler.steps} ${sampler.steps === 1 ? 'step' : 'steps'}, eta ${sampler.eta}, unless a request says otherwise`;
}
