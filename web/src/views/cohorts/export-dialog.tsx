import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { saveBlob } from '../../lib/save-blob.ts';
import type { Filter } from '../../lib/filters.ts';
import { graphql, type VariablesOf } from '../../lib/graphql.ts';
import { count } from '../../lib/words.ts';
import styles from './cohort-actions.module.css';

const EXPORT_COLUMNS = graphql(`
  query ExportColumns {
    exportColumns {
      group
    }
  }
`);

const EXPORT_COHORT = graphql(`
  mutation ExportCohort($input: ExportCohortInput!) {
    exportCohort(input: $input) {
      export {
        id
      }
    }
  }
`);

/** FILES_ZIP is of generations, not of exams. */
type Format = Exclude<VariablesOf<typeof EXPORT_COHORT>['input']['format'], 'FILES_ZIP'>;

const FORMATS: Readonly<Record<Format & string, string>> = {
  CSV: 'CSV: for spreadsheets and R',
  NDJSON: 'NDJSON: one JSON object per line',
  PARQUET: 'Parquet: typed columns for pandas and DuckDB',
  NIFTI_ZIP: 'NIfTI: the real MRI volumes of these exams, zipped',
  DICOM_ZIP: 'DICOM: the real MRI series of these exams, zipped',
};

/** Most rows that the server streams at once; more are written in the background. */
const STREAMED = 20_000;

interface ExportDialogProps {
  where: Filter | undefined;
  cohortId?: string;
  exams: number | undefined;
  onClose: () => void;
}

/** A selection as a file: at once, or written in the background and kept for a while. */
export function ExportDialog({ where, cohortId, exams, onClose }: ExportDialogProps) {
  const { clients, viewer } = useSession();
  const navigate = useNavigate();
  const [{ data }] = useQuery({ query: EXPORT_COLUMNS });
  const [{ error: refused }, start] = useMutation(EXPORT_COHORT);
  const [format, setFormat] = useState<Format>('CSV');
  const [left, setLeft] = useState<readonly string[]>(['readings']);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const groups = [...new Set(data?.exportColumns.map(({ group }) => group))];
  const archive = format.endsWith('_ZIP');
  const columns = groups.filter((group) => !left.includes(group));
  const request = {
    format,
    columns: groups.length > 0 && !archive ? columns : undefined,
    where: where ?? {},
    ...(cohortId ? { cohortId } : {}),
  };
  const tooMany = exams !== undefined && exams > STREAMED;

  const download = async () => {
    setBusy(true);
    setFault(undefined);
    try {
      const response = await clients.download('/exports', request);
      saveBlob(await response.blob(), `knee-exams.${format === 'PARQUET' ? 'parquet' : format.toLowerCase()}`);
      onClose();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const background = async () => {
    const { data: started } = await start({ input: request });
    if (started) await navigate('/cohorts/exports');
  };
  return (
    <Dialog title={`Export ${exams === undefined ? 'the' : count(exams)} knee exams`} onClose={onClose}>
      <div className={styles.form}>
        <Field label="Format">
          {(ids) => (
            <select
              {...ids}
              className={inputClass}
              value={format}
              onChange={({ target }) => setFormat(target.value as Format)}
            >
              {Object.entries(FORMATS)
                .filter(([name]) => viewer.canSeeImages || !name.endsWith('_ZIP'))
                .map(([name, words]) => (
                  <option key={name} value={name}>
                    {words}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <fieldset className={styles.columns} hidden={archive}>
          <legend>Columns</legend>
          {groups.map((group) => (
            <label key={group}>
              <input
                type="checkbox"
                checked={!left.includes(group)}
                onChange={() =>
                  setLeft(left.includes(group) ? left.filter((other) => other !== group) : [...left, group])
                }
              />
              {group}
            </label>
          ))}
        </fieldset>
        {archive && <p>Archives are written in the background.</p>}
        {tooMany && !archive && <p>More than {count(STREAMED)} rows are written in the background.</p>}
        {(fault ?? refused) && <InlineError message={fault ?? sentence(refused!)} />}
        <div className={styles.foot}>
          <Button onClick={() => void background()}>Write in the background</Button>
          <Button kind="main" disabled={busy || tooMany || archive} onClick={() => void download()}>
            {busy ? 'Writing …' : 'Download'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
