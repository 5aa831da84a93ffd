import { useState } from 'react';
import { Card } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';
import type { Report } from './queries.ts';
import styles from './report.module.css';

/** Columns that a long table is narrowed by, and whether it begins with the first value of them. */
const NARROWED_BY = { by: true, score: true, arm: false };

/** Rows from which on a table is narrowed. */
const LONG = 16;

/** A table of the report as the server printed it. */
export function ReportTable({ table: { title, caption, columns, rows } }: { table: Report['tables'][number] }) {
  const choices = Object.entries(NARROWED_BY).flatMap(([name, first]) => {
    const place = columns.indexOf(name);
    const values = place < 0 ? [] : [...new Set(rows.map((row) => row[place]!))];
    return rows.length >= LONG && values.length > 1 ? [{ name, place, values, initial: first ? values[0]! : '' }] : [];
  });
  const [wanted, setWanted] = useState(() => Object.fromEntries(choices.map(({ name, initial }) => [name, initial])));
  const shown = rows.filter((row) => choices.every(({ name, place }) => !wanted[name] || row[place] === wanted[name]));
  return (
    <Card title={title} note={caption}>
      {choices.length > 0 && (
        <div className={styles.choices}>
          {choices.map(({ name, values }) => (
            <label key={name}>
              {name}
              <select
                aria-label={`${title}: ${name}`}
                value={wanted[name] ?? ''}
                onChange={({ target }) => setWanted({ ...wanted, [name]: target.value })}
              >
                <option value="">all</option>
                {values.map((value) => (
                  <option key={value}>{value}</option>
                ))}
              </select>
            </label>
          ))}
          <span role="status">
            {shown.length} of {rows.length} rows
          </span>
        </div>
      )}
      <Table plain label={title} columns={columns}>
        {shown.map((row, index) => (
          <tr key={index}>
            {row.map((cell, column) =>
              column === 0 ? (
                <th key={column} scope="row">
                  {cell}
                </th>
              ) : (
                <td key={column}>{cell}</td>
              ),
            )}
          </tr>
        ))}
      </Table>
    </Card>
  );
}
