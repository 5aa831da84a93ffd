/** One measured figure. `limit` is what design promises; figures without a promise have none. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  limit?: number;
  better: 'lower' | 'higher';
}

/** Prints figures as a table for people, or as one JSON object per line. */
export function report(figures: Figure[], { json }: { json: boolean }): void {
  if (json) {
    for (const figure of figures) console.log(JSON.stringify(figure));
    return;
  }
  const rows = figures.map(({ name, value, unit, limit, better }) => [
    name,
    value.toPrecision(4),
    unit,
    limit === undefined ? '' : `${better === 'lower' ? '<=' : '>='} ${limit}`,
    limit === undefined ? '' : (better === 'lower' ? value <= limit : value >= limit) ? 'reached' : 'missed',
  ]);
  const table = [['figure', 'value', 'unit', 'limit', ''], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}
