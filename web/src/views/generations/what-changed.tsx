import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import { numericClass, Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { decimal, meaning } from '../../lib/words.ts';
import { DIFFERENCE, type Generation } from './queries.ts';
import { sameRun, unchangedRun } from './same-run.ts';
import styles from './what-changed.module.css';

/** Below this share of the voxels what a grade has changed is not seen: a cyst, the smallest finding, changes three times as many. */
const LEAST_VISIBLE = 5e-5;

/** What the other grades of a what-if have changed, against the same run without them. */
export function WhatChanged({ generation }: { generation: Generation }) {
  const { viewer } = useSession();
  const base = unchangedRun(generation);
  if (base) return <Changes base={base.id} changed={generation.id} />;
  return (
    <Card title="What the other grades change">
      <p className={styles.text}>
        Nothing to compare with yet: among the newest runs of this knee there is none without the other grades that is
        like it otherwise.
      </p>
      {viewer.canGenerate && <ButtonLink to={sameRun(generation, [])}>Make it …</ButtonLink>}
    </Card>
  );
}

function Changes({ base, changed }: { base: string; changed: string }) {
  const [{ data, error }] = useQuery({ query: DIFFERENCE, variables: { a: base, b: changed } });
  const found = data?.generationDifference;
  return (
    <Card
      title="What the other grades change"
      note="Against the same run without them: one film, one seed. What a model trained on phantoms draws says nothing about a patient."
      actions={<ButtonLink to={`/generations/${base}`}>The run without them</ButtonLink>}
    >
      {error && <InlineError message={sentence(error)} />}
      {!found && !error && <Waiting label="Comparing the two volumes" />}
      {found && (
        <>
          <p className={styles.text} role="status">
            {verdict(found.visible)}
          </p>
          <Synthetic>
            <img
              className={styles.picture}
              src={found.picture.url}
              alt="Slices of both volumes, and where the second is brighter or darker than the first"
            />
          </Synthetic>
          <div className={styles.tables}>
            {found.jointSpace.length > 0 && (
              <Table
                plain
                label="Joint space, bone to bone"
                columns={['Joint space', 'Without', 'With', 'Change']}
                numeric={['Without', 'With', 'Change']}
              >
                {found.jointSpace.map(({ compartment, first, second }) => (
                  <Row
                    key={compartment}
                    name={compartment.toLowerCase()}
                    title={meaning('JointSide', compartment)}
                    values={[
                      millimetres(first),
                      millimetres(second),
                      first === null || second === null ? 'not seen' : signed(second - first, ' mm'),
                    ]}
                  />
                ))}
              </Table>
            )}
            <Table
              plain
              label="Grey values by part of the knee, of 255"
              columns={['Part', 'Mean change', 'Brighter or darker', 'Of the whole change']}
              numeric={['Mean change', 'Brighter or darker', 'Of the whole change']}
            >
              {found.compartments.map(({ compartment, meanAbsolute, meanSigned, shareOfDifference }) => (
                <Row
                  key={compartment}
                  name={compartment.toLowerCase().replace('_', ' ')}
                  title={meaning('Compartment', compartment)}
                  values={[
                    decimal(255 * meanAbsolute, 1),
                    signed(255 * meanSigned),
                    decimal(100 * shareOfDifference, 0, ' %'),
                  ]}
                />
              ))}
            </Table>
          </div>
        </>
      )}
    </Card>
  );
}

function verdict(visible: number | null): string {
  if (visible === null) return 'Compared by an earlier version, which did not count what can be seen.';
  return visible < LEAST_VISIBLE
    ? 'No visible effect: with this film, bundle and seed the other grades change next to nothing.'
    : `${decimal(100 * visible, 2, ' %')} of the volume changes by more than 8 % of the grey range.`;
}

function millimetres(value: number | null): string {
  return value === null ? 'not seen' : decimal(value, 1, ' mm');
}

function signed(value: number, unit = ''): string {
  // What rounds to 0 has no sign.
  const rounded = Math.round(10 * value) / 10 || 0;
  return `${rounded > 0 ? '+' : ''}${decimal(rounded, 1, unit)}`;
}

function Row({ name, title, values }: { name: string; title: string; values: readonly string[] }) {
  return (
    <tr>
      <th scope="row" title={title}>
        {name}
      </th>
      {values.map((value, place) => (
        <td key={place} className={numericClass}>
          {value}
        </td>
      ))}
    </tr>
  );
}
