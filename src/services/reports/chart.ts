/** A chart as vega-lite specifies it: for the app as JSON, for files rendered to SVG and PNG. */
export interface Chart {
  /** Of its files, e.g. "psnr". */
  name: string;
  title: string;
  /** What the picture shows and what of. */
  caption: string;
  spec: object;
}

const FONT = 'DejaVu Sans';
const COLOURS = ['#3b6fb6', '#d9822b', '#3f8f5f', '#a9456b', '#7a5ea8', '#8a7240', '#4aa3a1', '#6b7280'];

/** Shared look of every chart. All colours but those of the heat map are here, so that a page can put its own in their place. */
const CONFIG = {
  font: FONT,
  background: 'white',
  view: { stroke: '#d5dae1' },
  axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', gridColor: '#eceff3', labelLimit: 0 },
  legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: 0 },
  range: { category: COLOURS },
  style: {
    spread: { color: '#6b7280' },
    median: { color: '#111827' },
    reference: { color: '#c0392b' },
    square: { stroke: 'white' },
  },
};

/** A chart in the shared look. */
export function chart(name: string, title: string, caption: string, spec: object): Chart {
  const schema = 'https://vega.github.io/schema/vega-lite/v6.json';
  return { name, title, caption, spec: { $schema: schema, description: caption, config: CONFIG, ...spec } };
}
