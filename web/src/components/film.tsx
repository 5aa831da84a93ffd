import { useEffect, useRef, useState } from 'react';
import { fetchGrey, type Grey, quantile, sortedSample } from '../lib/grey-film.ts';
import styles from './film.module.css';

/**
 * A stored 16-bit radiograph. Browsers keep only the upper 8 bits of its pixels and so show 12-bit films nearly black; here it is
 * decoded whole and shown in its window, 1st to 99.5th percentile.
 */
export function Film({ url, alt, className = '' }: { url: string; alt: string; className?: string | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [fault, setFault] = useState<string>();
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const show = async () => {
      const picture = await fetchGrey(url, stop.signal);
      const element = canvas.current;
      if (!element || stop.signal.aborted) return;
      element.width = picture.columns;
      element.height = picture.rows;
      element.getContext('2d')?.putImageData(windowed(picture), 0, 0);
      setDrawn(true);
    };
    show().catch((error: unknown) => {
      if (!stop.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
    });
    return () => stop.abort();
  }, [url]);
  if (fault) return <p className={styles.fault}>{fault}</p>;
  return (
    <canvas
      ref={canvas}
      className={`${styles.film} ${className}`}
      role="img"
      aria-label={alt}
      data-drawn={drawn}
      width={256}
      height={256}
    />
  );
}

function windowed({ columns, rows, data }: Grey): ImageData {
  const sample = sortedSample(data);
  const low = quantile(sample, 0.01);
  const high = Math.max(quantile(sample, 0.995), low + 1);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const grey = Math.round(Math.min(Math.max((255 * (data[pixel]! - low)) / (high - low), 0), 255));
    pixels[pixel] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return image;
}
