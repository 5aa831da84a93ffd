import { useEffect, useState } from 'react';
import type { ShownImage } from './images.ts';
import { type Loaded, loadImage } from './stack.ts';

/** An image on its way: neither; then what was loaded, or why it was not. */
export interface Arrival {
  loaded?: Loaded;
  fault?: string;
}

/** Loads the images that are shown, each once however many panes show it, and forgets those that no longer are. */
export function useImages(shown: readonly ShownImage[]): ReadonlyMap<string, Arrival> {
  const [arrivals, setArrivals] = useState<ReadonlyMap<string, Arrival>>(new Map());
  const wanted = [...new Map(shown.map((image) => [image.key, image])).values()];
  const names = wanted.map(({ key }) => key).join(' ');
  const [loads] = useState(() => new Map<string, AbortController>());
  useEffect(() => {
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, stop] of loads) {
      if (keys.has(key)) continue;
      stop.abort();
      loads.delete(key);
    }
    setArrivals((before) => new Map([...before].filter(([key]) => keys.has(key))));
    for (const image of wanted) {
      if (loads.has(image.key)) continue;
      const stop = new AbortController();
      loads.set(image.key, stop);
      const arrived = (arrival: Arrival) => {
        if (!stop.signal.aborted) setArrivals((before) => new Map(before).set(image.key, arrival));
      };
      loadImage(image, stop.signal).then(
        (loaded) => arrived({ loaded }),
        (error: unknown) => arrived({ fault: error instanceof Error ? error.message : String(error) }),
      );
    }
    // The images of the same names are the same; their signed addresses may be new ones.
  }, [names, loads]);
  useEffect(
    () => () => {
      for (const stop of loads.values()) stop.abort();
      loads.clear();
    },
    [loads],
  );
  return arrivals;
}
