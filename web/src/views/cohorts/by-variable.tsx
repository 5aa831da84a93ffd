import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { Card } from '../../components/card.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { Filter } from '../../lib/filters.ts';
import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { useSettled } from '../../lib/use-settled.ts';
import {
  bandConditions,
  isChosen,
  parseEdges,
  toggleCondition,
  type VariableCondition,
  variableConditions,
  withoutVariable,
} from '../../lib/variable-filters.ts';
import { count } from '../../lib/words.ts';
import { useVariables, VariablePicker } from '../variables/variable-picker.tsx';
import { type Bar, BarChart } from './bar-chart.tsx';
import variableStyles from '../variables/variables.module.css';
import styles from './charts.module.css';

const BY_VARIABLE = graphql(`
  query ByVariable($where: KneeExamFilter, $variables: [String!], $numbers: [BandedNumberInput!]) {
    kneeExamFacets(where: $where, variables: $variables, numbers: $numbers) {
      exams
      values {
        value
        meaning
        missing
        suppressed
      }
    }
  }
`);

type Bucket = ResultOf<typeof BY_VARIABLE>['kneeExamFacets'][number];

/** Bars that are drawn; a number without edges may have thousands of values. */
const MOST_BARS = 40;

interface ByVariableProps {
  filter: Filter;
  /** The filter once it has been left alone for a moment: what is asked. */
  settled: Filter;
  onFilter: (filter: Filter) => void;
}

/** Knee exams by any variable, released or derived, or by bands of one; the address keeps which. Every bar is a button that filters. */
export function ByVariable({ filter, settled, onFilter }: ByVariableProps) {
  const [params, setParams] = useSearchParams();
  const [name, setName] = useState(params.get('by') ?? '');
  const [text, setText] = useState(params.get('edges') ?? '');
  const edges = parseEdges(text);
  const wanted = useSettled(JSON.stringify([name.trim(), edges ?? null]));
  const [asked, bands] = JSON.parse(wanted) as [string, number[] | null];
  const { exact } = useVariables(name);
  const keep = (field: 'by' | 'edges', value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value.trim()) next.set(field, value.trim());
        else next.delete(field);
        return next;
      },
      { replace: true },
    );
  const [{ data, error }] = useQuery({
    query: BY_VARIABLE,
    variables: {
      where: withoutVariable(settled, asked),
      ...(bands ? { numbers: [{ variable: asked, edges: bands }] } : { variables: [asked] }),
    },
    pause: asked === '' || (exact === undefined && !/^(V\d\d|P0\d)|@/i.test(asked)),
  });
  const bars = data ? barsOf(data.kneeExamFacets, asked, bands, exact?.kind) : [];
  const conditions = new Map(bars.map((bar) => [bar.value, bar.condition]));
  const narrowed = variableConditions(filter).some((condition) => condition.name === asked);
  const chosen = narrowed
    ? bars.filter(({ condition }) => isChosen(filter, condition)).map(({ value }) => value)
    : null;
  return (
    <Card
      title="By a variable"
      note="Any variable of the release, or one that somebody has derived"
      className={styles.wide}
    >
      <div className={variableStyles.asked}>
        <Field label="Variable">
          {({ id }) => (
            <VariablePicker
              id={id}
              label="Variable to count by"
              className={inputClass}
              value={name}
              onChange={(next) => {
                setName(next);
                keep('by', next);
              }}
            />
          )}
        </Field>
        <Field label="Edges of bands" hint="Of a number, e.g. 20, 40, 60">
          {(ids) => (
            <input
              {...ids}
              className={inputClass}
              value={text}
              onChange={({ target }) => {
                setText(target.value);
                keep('edges', target.value);
              }}
            />
          )}
        </Field>
      </div>
      {edges === undefined && <InlineError message="Edges are numbers, each greater than the one before." />}
      {error && asked !== '' && <InlineError message={sentence(error)} />}
      {data && asked !== '' && !error && (
        <>
          <BarChart
            bars={bars.slice(0, MOST_BARS)}
            chosen={chosen}
            onChoose={(value) => onFilter(toggleCondition(filter, conditions.get(value)!))}
          />
          {bars.length > MOST_BARS && (
            <p>
              The first {MOST_BARS} of {count(bars.length)} values; edges make bands of them.
            </p>
          )}
        </>
      )}
    </Card>
  );
}

function barsOf(
  buckets: readonly Bucket[],
  name: string,
  edges: readonly number[] | null,
  kind: string | undefined,
): (Bar & { condition: VariableCondition })[] {
  const bands = edges && bandConditions(name, edges);
  return buckets.map(({ exams, values: [at] }) => {
    const { value = null, meaning, missing, suppressed } = at ?? {};
    const band = bands?.find(({ label }) => label === value);
    const words = kind === 'TEXT' || kind === 'DATE';
    return {
      // As a key among the others: a code of a missing value is no value.
      value: value ?? missing ?? null,
      label: suppressed ? 'rare values' : (meaning ?? value ?? missing ?? 'missing'),
      ...(meaning ? { hint: `${value}` } : {}),
      exams,
      disabled: suppressed ?? false,
      condition: band?.condition ?? conditionOf(name, value, missing ?? null, words),
    };
  });
}

function conditionOf(name: string, value: string | null, missing: string | null, words: boolean): VariableCondition {
  if (value !== null) return words ? { name, text: { eq: value } } : { name, eq: Number(value) };
  return missing === null ? { name, isNull: true } : { name, missing: { eq: missing } };
}
