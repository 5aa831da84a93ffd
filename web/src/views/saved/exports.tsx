import { useMutation, useQuery } from 'urql';
import { Button, ButtonLink, DownloadLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Page } from '../../components/page.tsx';
import { numericClass, Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { graphql } from '../../lib/graphql.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { count, fileSize, moment } from '../../lib/words.ts';

const EXPORTS = graphql(`
  query Exports {
    exports(first: 50) {
      nodes {
        id
        format
        state
        fraction
        rows
        error
        waitingReason
        createdAt
        expiresAt
        archive
        cohorts {
          id
          name
          version
        }
        file {
          url
          bytes
        }
      }
    }
  }
`);

const CANCEL_EXPORT = graphql(`
  mutation CancelExport($id: ID!) {
    cancelExport(input: { id: $id }) {
      export {
        id
        state
      }
    }
  }
`);

/** How often the list is asked for while something is being written. */
const POLL_MS = 1500;

const COLUMNS = ['Asked for', 'Of', 'Format', 'State', 'Rows', 'File'];

/** Files that are or were written in the background. */
export function Exports() {
  const exports = useQuery({ query: EXPORTS, requestPolicy: 'cache-and-network' });
  const [{ data, error }, again] = exports;
  const [{ error: refused }, cancel] = useMutation(CANCEL_EXPORT);
  const nodes = data?.exports.nodes ?? [];
  usePoll(
    exports,
    POLL_MS,
    nodes.some(({ state }) => state === 'QUEUED' || state === 'RUNNING'),
  );
  if (error && !data)
    return (
      <ErrorNote
        title="Could not load the exports"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading exports" />;
  if (nodes.length === 0) {
    return (
      <EmptyNote
        title="Nothing was exported in the background"
        message="A selection that is large, or wanted later, is written to a file that stays for a while."
      >
        <ButtonLink to="/cohorts">Choose knees</ButtonLink>
      </EmptyNote>
    );
  }
  return (
    <Page title="Exports" up={{ to: '/cohorts/saved', label: 'Saved cohorts' }} asked={{ document: EXPORTS }}>
      {refused && <InlineError message={sentence(refused)} />}
      <Table label="Exports" columns={COLUMNS} numeric={['Rows']}>
        {nodes.map(
          ({
            id,
            format,
            state,
            fraction,
            rows,
            error: failure,
            waitingReason,
            createdAt,
            expiresAt,
            archive,
            cohorts,
            file,
          }) => (
            <tr key={id}>
              <td>{moment(createdAt)}</td>
              <td>{cohorts.map(({ name, version }) => `${name} v${version}`).join(', ') || selectionOf(archive)}</td>
              <td>{format}</td>
              <td>
                <StateBadge state={state} />
                {state === 'RUNNING' && ` ${Math.round(100 * fraction)} %`}
                {failure && <small>{failure}</small>}
                {state === 'QUEUED' && waitingReason && <small>{waitingReason}</small>}
              </td>
              <td className={numericClass}>{count(rows)}</td>
              <td>
                {file && <DownloadLink href={file.url}>Download, {fileSize(file.bytes)}</DownloadLink>}
                {file && expiresAt && <small>until {moment(expiresAt)}</small>}
                {(state === 'QUEUED' || state === 'RUNNING') && (
                  <Button small onClick={() => void cancel({ id })}>
                    Cancel
                  </Button>
                )}
              </td>
            </tr>
          ),
        )}
      </Table>
    </Page>
  );
}

/** What an export without a cohort is of. */
function selectionOf(archive: Record<string, unknown> | null): string {
  if (archive && 'batch' in archive) return 'the volumes of a batch';
  if (archive && 'generations' in archive) return 'chosen generations';
  return 'a filter';
}
