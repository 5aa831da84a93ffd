import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { drawSvg } from '../../imaging/drawing.js';
import type { Chart } from './chart.js';

/** Pixels of the PNG per unit of the drawing. */
const SCALE = 2;

/** A chart as SVG text and as a PNG file of twice its size. */
export async function renderChart({ spec }: Chart): Promise<{ svg: string; png: Buffer }> {
  const view = new View(parse(compile(spec as TopLevelSpec).spec), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    return { svg, png: await drawSvg(svg, { background: 'white', scale: SCALE }) };
  } finally {
    view.finalize();
  }
}
