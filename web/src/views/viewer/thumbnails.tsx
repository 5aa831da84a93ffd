import { useEffect, useRef, useState } from 'react';
import { ORIGIN_MARKS, type ShownImage } from './images.ts';
import { paintSlice } from './paint.ts';
import { type Loaded, loadImage, PRESETS, presetWindow } from './stack.ts';
import styles from './desk.module.css';

interface ThumbnailsProps {
  images: readonly ShownImage[];
  /** The exam whose images are drawn at once; those of others are drawn once they have been opened. */
  examId: string;
  loaded: ReadonlyMap<string, { loaded?: Loaded }>;
  /** In the panes. */
  shown: readonly ShownImage[];
  onOpen: (image: ShownImage) => void;
}

/** All images of the participant, visit by visit; a click puts one into the active pane. */
export function Thumbnails({ images, examId, loaded, shown, onOpen }: ThumbnailsProps) {
  return (
    <nav className={styles.strip} aria-label="Images">
      {[...Map.groupBy(images, ({ whose }) => whose)].map(([whose, group]) => (
        <section key={whose}>
          <h3>{whose}</h3>
          <ul>
            {group.map((image) => {
              const open = shown.some(({ key }) => key === image.key);
              return (
                <li key={image.key}>
                  <button type="button" aria-pressed={open} onClick={() => onOpen(image)}>
                    <Thumbnail
                      image={image}
                      loaded={loaded.get(image.key)?.loaded}
                      eager={image.examId === examId && !open}
                    />
                    <span>{image.name}</span>
                    {ORIGIN_MARKS[image.provenance] !== null && <small>{ORIGIN_MARKS[image.provenance]}</small>}
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** Drawn from the image in memory, or fetched when it comes into sight. */
function Thumbnail({ image, loaded, eager }: { image: ShownImage; loaded: Loaded | undefined; eager: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    if (drawn || !loaded || !canvas.current) return;
    draw(canvas.current, loaded, image);
    setDrawn(true);
  }, [drawn, loaded, image]);
  useEffect(() => {
    const element = canvas.current;
    if (drawn || !eager || !element) return;
    const stop = new AbortController();
    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      watcher.disconnect();
      loadImage(image, stop.signal).then(
        (own) => {
          if (stop.signal.aborted) return;
          draw(element, own, image);
          setDrawn(true);
        },
        // The pane says what is wrong with an image that is opened; here its name has to do.
        () => undefined,
      );
    });
    watcher.observe(element);
    return () => {
      stop.abort();
      watcher.disconnect();
    };
    // A fresh address of the same image is no reason to fetch it again.
  }, [drawn, eager, image.key]);
  return (
    <span className={styles.thumbnail} data-drawn={drawn} aria-hidden="true">
      {!drawn && (image.kind === 'film' ? 'film' : 'series')}
      <canvas ref={canvas} width={96} height={96} />
    </span>
  );
}

function draw(canvas: HTMLCanvasElement, loaded: Loaded, { plane }: ShownImage): void {
  const stack = loaded.along(plane);
  const whole = document.createElement('canvas');
  paintSlice(whole, stack, Math.floor(stack.slices / 2), presetWindow(stack, PRESETS[0].range));
  const [across, down] = stack.spacing ?? [1, 1];
  const fit = Math.min(96 / (stack.columns * across), 96 / (stack.rows * down));
  const [width, height] = [stack.columns * across * fit, stack.rows * down * fit];
  canvas.getContext('2d')?.drawImage(whole, (96 - width) / 2, (96 - height) / 2, width, height);
}
