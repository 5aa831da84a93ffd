import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Card } from '../../components/card.tsx';
import { CopyCode } from '../../components/copy-code.tsx';
import { ErrorNote } from '../../components/notes.tsx';
import { Menu } from '../../components/menu.tsx';
import { sentence } from '../../lib/client.ts';
import type { Filter } from '../../lib/filters.ts';
import { counted } from '../../lib/words.ts';
import { type Column, COLUMNS, columnTitle, type Order, USUAL_COLUMNS } from './columns.ts';
import { EXAMS } from './queries.ts';
import { type ExamsQuery, PAGE, useExams } from './use-exams.ts';
import styles from './exam-table.module.css';

const ROW_HEIGHT = 36;

/** Width of the first column, which stays: the participant, a link to the exam. */
const FIRST = 110;

interface ExamTableProps {
  where: Filter | undefined;
  /** How many rows there are in all, once counted. */
  total: number | undefined;
}

/** Knee exams as rows; columns and order are in the address. Only the rows in sight are drawn, further ones are asked for in time. */
export function ExamTable({ where, total }: ExamTableProps) {
  const [params, setParams] = useSearchParams();
  const columns = columnsOf(params.get('columns'));
  const order = orderOf(params.get('sort'));
  const change = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const toggle = ({ key }: Column) => {
    const shown = columns.map((column) => column.key);
    change('columns', (shown.includes(key) ? shown.filter((other) => other !== key) : [...shown, key]).join(','));
  };
  const query: ExamsQuery = {
    where,
    orderBy: [order, ...(order.field === 'OAI_ID' ? [] : [{ field: 'OAI_ID', direction: 'ASC' } as const])],
    grades: columns.some(({ needs }) => needs === 'grades'),
    images: columns.some(({ needs }) => needs === 'images'),
  };
  const { rows, more, loading, error, loadMore } = useExams(query);
  return (
    <Card
      title="Knee exams"
      note={
        total === undefined
          ? undefined
          : `${counted(rows.length, 'row')} loaded of ${counted(total, 'exam')}; more as you scroll`
      }
      actions={
        <div className={styles.actions}>
          <CopyCode
            label="Copy the table"
            asked={{ document: EXAMS, variables: { ...query, first: PAGE, after: null }, verb: { where } }}
          />
          <Menu label="Columns" className={styles.columns}>
            {COLUMNS.map((column) => (
              <label key={column.key}>
                <input type="checkbox" checked={columns.includes(column)} onChange={() => toggle(column)} />
                {columnTitle(column)}
              </label>
            ))}
          </Menu>
        </div>
      }
    >
      {error ? (
        <ErrorNote title="Could not load the rows" message={sentence(error)} onRetry={loadMore} />
      ) : (
        <Rows
          rows={rows}
          more={more}
          loading={loading}
          columns={columns}
          order={order}
          total={total}
          onSort={(field) =>
            change('sort', `${field}:${order.field === field && order.direction === 'ASC' ? 'DESC' : 'ASC'}`)
          }
          loadMore={loadMore}
        />
      )}
    </Card>
  );
}

interface RowsProps extends Pick<ReturnType<typeof useExams>, 'rows' | 'more' | 'loading' | 'loadMore'> {
  columns: readonly Column[];
  order: Order;
  total: number | undefined;
  onSort: (field: Order['field']) => void;
}

function Rows({ rows, more, loading, columns, order, total, onSort, loadMore }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loading && rows.length > 0 && last >= rows.length - 30) loadMore();
  }, [last, rows.length, more, loading, loadMore]);

  if (!loading && rows.length === 0) return <p className={styles.none}>No knee exam matches the filter.</p>;
  const template = `${FIRST}px ${columns.map(({ width }) => `minmax(${width}px, 1fr)`).join(' ')}`;
  const width = FIRST + columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div ref={scroller} className={styles.scroller} tabIndex={0} role="region" aria-label="Knee exams, scrollable">
      <div role="table" aria-label="Knee exams" aria-rowcount={(total ?? rows.length) + 1} style={{ minWidth: width }}>
        <div role="rowgroup" className={styles.headGroup}>
          <div role="row" aria-rowindex={1} className={styles.row} style={{ gridTemplateColumns: template }}>
            <Header label="Participant" sort="OAI_ID" order={order} onSort={onSort} />
            {columns.map(({ key, ...column }) => (
              <Header key={key} {...column} order={order} onSort={onSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index]!;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={index + 2}
                className={styles.row}
                style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
              >
                <div role="cell">
                  <Link
                    to={`/exams/${row.id}`}
                    aria-label={`${row.participant.oaiId}, ${row.side.toLowerCase()} knee, ${row.visit.code}`}
                  >
                    {row.participant.oaiId}
                  </Link>
                </div>
                {columns.map((column) => (
                  <div key={column.key} role="cell" className={column.numeric && styles.numeric}>
                    {column.text(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {loading && (
        <p className={styles.loading} role="status">
          Loading …
        </p>
      )}
    </div>
  );
}

interface HeaderProps extends Pick<Column, 'label' | 'description' | 'sort' | 'numeric'> {
  order: Order;
  onSort: (field: Order['field']) => void;
}

function Header({ label, description, sort, numeric, order, onSort }: HeaderProps) {
  const sorted = sort !== undefined && order.field === sort;
  const direction = order.direction === 'DESC' ? 'descending' : 'ascending';
  return (
    <div
      role="columnheader"
      aria-sort={sorted ? direction : undefined}
      className={numeric && styles.numeric}
      title={description}
    >
      {sort === undefined ? (
        label
      ) : (
        <button type="button" onClick={() => onSort(sort)}>
          {label}
          <span aria-hidden="true" className={styles.arrow}>
            {sorted ? (direction === 'descending' ? '▼' : '▲') : ''}
          </span>
        </button>
      )}
    </div>
  );
}

function columnsOf(text: string | null): Column[] {
  const keys = text === null ? USUAL_COLUMNS : text.split(',');
  return COLUMNS.filter(({ key }) => keys.includes(key));
}

function orderOf(text: string | null): Order {
  const [field, direction] = (text ?? '').split(':');
  const sortable = field === 'OAI_ID' || COLUMNS.some(({ sort }) => sort === field);
  if (!sortable) return { field: 'OAI_ID', direction: 'ASC' };
  return { field: field as Order['field'], direction: direction === 'DESC' ? 'DESC' : 'ASC' };
}
