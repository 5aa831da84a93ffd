import { type ReactNode, useState } from 'react';
import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import type { Filter } from '../../lib/filters.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { ProgressionFields, toldToProgress } from '../progress/progression-fields.tsx';
import { FactorField, SigmaField, toldToRestore } from '../restore/restoration-fields.tsx';
import { FinerFields, toldToRefine } from '../series/finer-fields.tsx';
import type { START_BATCH } from './queries.ts';

type Input = VariablesOf<typeof START_BATCH>['input'];

export type BatchTask = 'XRAY_TO_MRI' | 'IMAGE_RESTORATION' | 'XRAY_PROGRESSION' | 'MRI_SUPER_RESOLUTION';

/** A task, as the dialog that starts a batch offers it. */
interface OfferedTask {
  label: string;
  /** What is made of each exam, up to "of each of 4 knee exams". */
  makes: string;
  /** What exams without it are said to lack. */
  needs: string;
  /** Exams of which nothing can be made. */
  without: Filter;
  /** @param steps the bundle's own number of steps */
  fields: (steps: number | undefined) => ReactNode;
  told: (form: FormData) => Partial<Input> | Promise<Partial<Input>>;
}

const FILM = { needs: 'radiograph', without: { hasRadiograph: false } } as const;

/** Series description of the OAI's coronal T1, which every exam with MRI has. */
const USUAL_SEQUENCE = 'COR_T1_3D_FLASH';

/** What a batch can make, in the order in which it is offered. */
export const BATCH_TASKS: Readonly<Record<BatchTask, OfferedTask>> = {
  XRAY_TO_MRI: {
    ...FILM,
    label: 'MRI volumes from radiographs',
    makes: 'A synthetic MRI volume',
    fields: (steps) => <VolumeFields steps={steps} />,
    told: (form) => ({
      ...seedsOf(form),
      sliceCount: number(form, 'slices'),
      steps: number(form, 'steps'),
    }),
  },
  IMAGE_RESTORATION: {
    ...FILM,
    label: 'Restored radiographs',
    makes: 'A restored film',
    fields: () => <RestorationChoice />,
    told: (form) => ({
      restoration: toldToRestore(form.get('operation') === 'upscale' ? 'upscale' : 'denoise', form),
    }),
  },
  XRAY_PROGRESSION: {
    ...FILM,
    label: 'Radiographs at another grade',
    makes: 'The film at another grade, frame by frame,',
    fields: () => <ProgressionFields from="Each film begins at its own grade." usual={4} />,
    told: (form) => ({ progression: toldToProgress(form) }),
  },
  MRI_SUPER_RESOLUTION: {
    label: 'Finer MRI series',
    makes: 'A finer MRI series',
    needs: 'MRI series with pixels',
    without: { hasMri: false },
    fields: () => <FinerOfCohort />,
    told: async (form) => ({
      superResolution: { sequence: String(form.get('sequence')), ...(await toldToRefine(form)) },
    }),
  },
};

function VolumeFields({ steps }: { steps: number | undefined }) {
  return (
    <>
      <NumberField
        label="Slices"
        hint="2 to 500; 50 is the trained stack."
        name="slices"
        min={2}
        max={500}
        defaultValue={50}
      />
      <NumberField
        label="Steps"
        hint="More steps, more time; empty takes the bundle's own."
        name="steps"
        min={1}
        placeholder={String(steps ?? '')}
      />
      <NumberField
        label="Seed"
        hint="The same seed gives the same volumes."
        name="seed"
        min={0}
        max={2147483647}
        defaultValue={0}
      />
      <Field label="Seed rule">
        {(ids) => (
          <select {...ids} className={inputClass} name="seedRule">
            <option value="FIXED">one seed for all</option>
            <option value="PER_EXAM">each exam its own</option>
          </select>
        )}
      </Field>
    </>
  );
}

function RestorationChoice() {
  const [operation, setOperation] = useState('denoise');
  return (
    <>
      <Field label="What is done">
        {(ids) => (
          <select
            {...ids}
            className={inputClass}
            name="operation"
            value={operation}
            onChange={({ target }) => setOperation(target.value)}
          >
            <option value="denoise">Take noise off</option>
            <option value="upscale">Enlarge</option>
          </select>
        )}
      </Field>
      {operation === 'denoise' ? <SigmaField /> : <FactorField />}
    </>
  );
}

function FinerOfCohort() {
  return (
    <>
      <Field label="Series" hint="Its description, with or without the side; of several the newest is taken.">
        {(ids) => (
          <input
            {...ids}
            className={inputClass}
            name="sequence"
            required
            maxLength={200}
            defaultValue={USUAL_SEQUENCE}
            spellCheck={false}
          />
        )}
      </Field>
      <FinerFields />
    </>
  );
}

function seedsOf(form: FormData): Pick<Input, 'seed' | 'seedRule'> {
  return { seed: number(form, 'seed'), seedRule: form.get('seedRule') === 'PER_EXAM' ? 'PER_EXAM' : 'FIXED' };
}

/** What was typed in; undefined for an empty field. */
function number(form: FormData, field: string): number | undefined {
  const text = String(form.get(field) ?? '').trim();
  return text === '' ? undefined : Number(text);
}
