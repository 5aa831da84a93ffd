/**
 * Loaded into a worker before anything else (`node --import`): from SIGUSR2 on its clock is an hour ahead, from the next one on an
 * hour behind, and so on. What JavaScript sees of the wall clock goes through `Date`.
 */
const HOUR = 3_600_000;
const RealDate = Date;
let shift = 0;

process.on('SIGUSR2', () => {
  shift = shift > 0 ? -HOUR : HOUR;
});

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parts: [], newTarget: typeof Date) =>
    parts.length > 0 ? Reflect.construct(target, parts, newTarget) : new target(target.now() + shift),
  get: (target, key) => (key === 'now' ? () => target.now() + shift : (Reflect.get(target, key) as unknown)),
  apply: (target) => new target(target.now() + shift).toString(),
});
