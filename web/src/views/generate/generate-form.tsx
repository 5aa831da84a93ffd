import { type ReactNode, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { EmptyNote, InlineError } from '../../components/notes.tsx';
import { Column, Columns, Page } from '../../components/page.tsx';
import { sentence } from '../../lib/client.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { useClientKey } from '../../lib/use-client-key.ts';
import { submitted } from '../../lib/submitted.ts';
import { GradeOverrides, type Overrides, type ReadGrade } from './grade-overrides.tsx';
import { GENERATE, type Prepared } from './queries.ts';
import styles from './generate.module.css';

type Input = VariablesOf<typeof GENERATE>['input'];

interface FormProps {
  /** What is told to the API of where the radiograph comes from; undefined while it is not known. */
  source: Pick<Input, 'examId' | 'uploadId' | 'side'> | undefined;
  /** Whose knee it is. */
  lead: ReactNode;
  radiograph: ReactNode;
  radiographNote: string;
  /** Null where nobody has read the film. */
  grades: readonly ReadGrade[] | null;
  bundles: Prepared['bundles'];
  onOther: () => void;
}

/** What to make of one knee's radiograph. `?grades=XRKL:4,XROSFM:` of the address presets a what-if. */
export function GenerateForm({ source, lead, radiograph, radiographNote, grades, bundles, onOther }: FormProps) {
  const ready = bundles.filter(({ state }) => state === 'READY');
  const [params] = useSearchParams();
  const [chosen, setChosen] = useState(params.get('bundle') ?? '');
  const bundle = ready.find(({ name, version }) => `${name}@${version}` === chosen) ?? ready[0];
  const [overrides, setOverrides] = useState<Overrides>(() => readOverrides(params.get('grades')));
  const [{ fetching, error }, generate] = useMutation(GENERATE);
  const navigate = useNavigate();
  const clientKey = useClientKey();

  if (!bundle) {
    return (
      <EmptyNote
        title="No bundle can generate"
        message={
          bundles[0]?.refusal ?? 'Register one with "osteograph bundles", or start the server with the shipped models.'
        }
      />
    );
  }
  const start = async (form: FormData) => {
    const number = (name: string) => {
      const text = String(form.get(name) ?? '').trim();
      return text === '' ? undefined : Number(text);
    };
    const input: Input = {
      ...source,
      bundle: `${bundle.name}@${bundle.version}`,
      sliceCount: number('slices') ?? 50,
      steps: number('steps'),
      seed: number('seed'),
      gradeGuidance: number('grade-guidance'),
      eta: params.get('eta') ? Number(params.get('eta')) : undefined,
      sampler: (String(form.get('sampler')) || undefined) as Input['sampler'],
      noise: String(form.get('noise')) as Input['noise'],
      features: Object.entries(overrides).map(([feature, grade]) => ({ feature, grade })) as Input['features'],
    };
    const { data } = await generate({ input: { ...input, clientKey: clientKey(input) } });
    if (data) await navigate(`/generations/${data.generateMri.generation.id}`);
  };
  return (
    <form onSubmit={submitted(start)}>
      <Page
        title="Generate an MRI volume"
        lead={lead}
        actions={
          <>
            <Button onClick={onOther}>Another knee</Button>
            <Button kind="main" type="submit" disabled={fetching || !source}>
              {fetching ? 'Asking …' : 'Generate'}
            </Button>
          </>
        }
      >
        {error && <InlineError message={sentence(error)} />}
        <Columns>
          <Column>
            <Card title="Radiograph" note={radiographNote}>
              {radiograph}
            </Card>
            <Card title="How">
              <div className={styles.fields}>
                <Field label="Bundle" hint={bundle.description ?? bundle.intendedUse ?? undefined}>
                  {(ids) => (
                    <select
                      {...ids}
                      className={inputClass}
                      value={`${bundle.name}@${bundle.version}`}
                      onChange={({ target }) => setChosen(target.value)}
                    >
                      {ready.map(({ id, name, version }) => (
                        <option key={id}>
                          {name}@{version}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
                <NumberField
                  label="Slices"
                  hint="2 to 500; 50 is the trained stack, others lie between its slices."
                  name="slices"
                  min={2}
                  max={500}
                  defaultValue={params.get('slices') ?? 50}
                  required
                />
                <NumberField
                  label="Steps"
                  hint={`More steps, more time. The bundle's own number is ${bundle.defaultSteps ?? 'not given'}.`}
                  name="steps"
                  min={1}
                  placeholder={bundle.defaultSteps === null ? undefined : String(bundle.defaultSteps)}
                  defaultValue={params.get('steps') ?? ''}
                />
                <NumberField
                  label="Seed"
                  hint="The same seed gives the same volume; empty draws one."
                  name="seed"
                  min={0}
                  max={2147483647}
                  placeholder="random"
                  defaultValue={params.get('seed') ?? ''}
                />
                <NumberField
                  label="Pull of the grades"
                  hint="1 is as trained; more exaggerates what the grades draw, 0 leaves them out. Any but 1 takes twice the time."
                  name="grade-guidance"
                  min={0}
                  max={5}
                  step={0.1}
                  placeholder="1"
                  defaultValue={params.get('guidance') ?? ''}
                />
                <Field label="Sampler">
                  {(ids) => (
                    <select {...ids} className={inputClass} name="sampler" defaultValue={params.get('sampler') ?? ''}>
                      <option value="">
                        the bundle&apos;s{bundle.defaultSampler && ` (${bundle.defaultSampler})`}
                      </option>
                      <option value="DDIM">DDIM</option>
                      <option value="DPMPP_2M">DPM-Solver++(2M): fewer steps</option>
                    </select>
                  )}
                </Field>
                <Field label="Noise">
                  {(ids) => (
                    <select {...ids} className={inputClass} name="noise" defaultValue={params.get('noise') || 'SHARED'}>
                      <option value="SHARED">the same for every slice</option>
                      <option value="PER_SLICE">its own for each slice</option>
                    </select>
                  )}
                </Field>
              </div>
            </Card>
          </Column>
          <Card
            title="Grades"
            note="The volume is conditioned on these. Another grade asks what-if; missing leaves it to the film."
            actions={
              Object.keys(overrides).length > 0 && (
                <Button kind="quiet" small onClick={() => setOverrides({})}>
                  {grades ? 'As read' : 'None'}
                </Button>
              )
            }
          >
            <GradeOverrides grades={grades} features={bundle.features} value={overrides} onChange={setOverrides} />
          </Card>
        </Columns>
      </Page>
    </form>
  );
}

function readOverrides(text: string | null): Overrides {
  const parts = (text ?? '').split(',').filter((part) => part.includes(':'));
  return Object.fromEntries(
    parts.map((part) => {
      const [code = '', grade = ''] = part.split(':');
      return [code, grade === '' ? null : Number(grade)];
    }),
  );
}
