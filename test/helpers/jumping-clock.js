/** Loaded before a program: its clock jumps a day ahead, back, and a day behind, every 0.7 s. Timers are not touched. */
import { performance } from 'node:perf_hooks';

const DAY = 86_400_000;
const RealDate = Date;
const now = () => RealDate.now() + DAY * ((Math.floor(performance.now() / 700) % 3) - 1);

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length > 0) super(...parts);
    else super(now());
  }

  static now = now;
};
