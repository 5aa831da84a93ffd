import { dataUrl, escapeXml } from '../../imaging/drawing.js';
import type { Chart } from './chart.js';
import type { ReportTable } from './cells.js';

/** A picture of a report that is no chart. */
export interface ReportSheet {
  name: string;
  title: string;
  caption: string;
  png: Uint8Array;
}

export interface HtmlReport {
  title: string;
  /** Facts at the head, by name. */
  facts: readonly (readonly [string, string])[];
  /** What the reader must know before any figure. */
  warning: string;
  charts: readonly (Chart & { svg: string })[];
  sheets: readonly ReportSheet[];
  tables: readonly ReportTable[];
}

const STYLE = `
  :root { color-scheme: light; }
  body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 4rem; color: #1c2430; background: #fff;
    font: 15px/1.5 "DejaVu Sans", Verdana, system-ui, sans-serif; }
  h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; }
  .warning { border-left: 4px solid #b4690e; background: #fdf5ea; padding: .7rem 1rem; margin: 1rem 0; }
  dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1.2rem; margin: 1rem 0; }
  dt { color: #5b6573; } dd { margin: 0; overflow-wrap: anywhere; }
  figure { margin: 0; } figcaption, caption { color: #5b6573; font-size: .85rem; }
  figcaption { max-width: 60rem; margin-top: .4rem; }
  .scroll { overflow-x: auto; } svg, img { max-width: 100%; height: auto; }
  table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
  caption { caption-side: bottom; text-align: left; padding-top: .4rem; max-width: 60rem; }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #e3e7ed; vertical-align: top; }
  th { color: #5b6573; font-weight: 600; white-space: nowrap; }
  @media print { body { padding: 0; } figure, table { break-inside: avoid; } }
`;

/** One page with everything in it: it asks for nothing from anywhere. */
export function htmlReport({ title, facts, warning, charts, sheets, tables }: HtmlReport): string {
  const e = escapeXml;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${e(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${e(title)}</h1>
<p class="warning">${e(warning)}</p>
<dl>${facts.map(([name, value]) => `<dt>${e(name)}</dt><dd>${e(value)}</dd>`).join('\n')}</dl>
${charts.map(chartSection).join('\n')}
${sheets.map(sheetSection).join('\n')}
${tables.map(tableSection).join('\n')}
</body>
</html>
`;
}

function chartSection({ title, caption, svg }: Chart & { svg: string }): string {
  return `<section><h2>${escapeXml(title)}</h2><figure role="img" aria-label="${escapeXml(title)}">${svg}<figcaption>${escapeXml(caption)}</figcaption></figure></section>`;
}

function sheetSection({ title, caption, png }: ReportSheet): string {
  return `<section><h2>${escapeXml(title)}</h2><figure><img src="${dataUrl(png)}" alt="${escapeXml(title)}"><figcaption>${escapeXml(caption)}</figcaption></figure></section>`;
}

function tableSection({ title, caption, columns, rows }: ReportTable): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeXml(cell)}</${tag}>`).join('')}</tr>`;
  return `<section><h2>${escapeXml(title)}</h2><div class="scroll"><table><caption>${escapeXml(caption)}</caption><thead>${cells('th', columns)}</thead><tbody>${rows.map((row) => cells('td', row)).join('\n')}</tbody></table></div></section>`;
}
