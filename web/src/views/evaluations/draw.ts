import { parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type Config, type TopLevelSpec } from 'vega-lite';

/** The app's own colours; as variables, so that a drawn chart follows light and dark. */
const LOOK: Config = {
  background: 'transparent',
  view: { stroke: 'var(--line)' },
  axis: {
    labelColor: 'var(--ink)',
    titleColor: 'var(--soft)',
    gridColor: 'var(--line)',
    domainColor: 'var(--edge)',
    tickColor: 'var(--edge)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
  },
  legend: { labelColor: 'var(--ink)', labelFontSize: 12, labelLimit: 0 },
  title: { color: 'var(--ink)' },
  range: {
    category: Array.from({ length: 8 }, (_, index) => `var(--series-${index + 1})`),
  },
  style: {
    spread: { color: 'var(--soft)' },
    median: { color: 'var(--ink)' },
    reference: { color: 'var(--bad)' },
    square: { stroke: 'var(--surface)' },
  },
};

/** Narrower, and letters would not be read: such a chart is scrolled. */
const NARROWEST = 300;

/** Longest label beside an axis, px, where there is little room. */
const SHORT_LABELS = 100;

/**
 * Draws a vega-lite chart as SVG into an element, as wide as that is. Expressions are interpreted and not compiled: the app's
 * Content-Security-Policy allows no eval. Returns what takes the chart away.
 */
export function draw(element: HTMLElement, spec: object): () => void {
  const room = element.clientWidth;
  const labelLimit = room < 480 ? SHORT_LABELS : 0;
  // By its own name, because letters are measured on a canvas, which knows no variables.
  const font = getComputedStyle(element).fontFamily;
  const config = { ...LOOK, font, axis: { ...LOOK.axis, labelLimit, titleLimit: room - labelLimit } };
  const fitted =
    'width' in spec ? { width: Math.max(room, NARROWEST), autosize: { type: 'fit-x', contains: 'padding' } } : {};
  const { spec: full } = compile({ ...spec, ...fitted, padding: 2, config } as TopLevelSpec);
  const view = new View(parse(full, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: 'svg',
    container: element,
    hover: true,
  });
  void view.runAsync();
  return () => view.finalize();
}
