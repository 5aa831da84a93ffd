import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { Synthetic } from '../../components/synthetic.tsx';
import { decimal } from '../../lib/words.ts';
import type { Slice } from './queries.ts';
import styles from './slice-grid.module.css';

interface GridProps {
  slices: ReadonlyMap<number, Slice>;
  /** Slices of the whole volume. */
  count: number;
  /** What is being computed. */
  step: { firstSlice: number; lastSlice: number } | undefined;
}

/** Every slice in its place; an empty one until it arrives. A click enlarges. */
export function SliceGrid({ slices, count, step }: GridProps) {
  const [shown, setShown] = useState<number>();
  const open = shown === undefined ? undefined : slices.get(shown);
  return (
    <>
      <ol className={styles.grid}>
        {Array.from({ length: count }, (_, index) => {
          const slice = slices.get(index);
          const busy = step !== undefined && index >= step.firstSlice && index <= step.lastSlice;
          return (
            <li key={index}>
              {slice ? (
                <button type="button" onClick={() => setShown(index)} title={title(slice)}>
                  <Synthetic>
                    <img src={slice.previewUrl} alt={`Slice ${index + 1}`} width={256} height={256} decoding="async" />
                  </Synthetic>
                </button>
              ) : (
                <span className={busy ? `${styles.empty} ${styles.busy}` : styles.empty}>
                  {index + 1}
                  <span className="visually-hidden">{busy ? ' is being computed' : ' is to come'}</span>
                </span>
              )}
            </li>
          );
        })}
      </ol>
      {open && (
        <Dialog title={`Slice ${open.index + 1} of ${count}`} onClose={() => setShown(undefined)}>
          <div
            onKeyDown={(event) => {
              const next = open.index + (event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0);
              if (slices.has(next)) setShown(next);
            }}
          >
            <Synthetic>
              <img src={open.previewUrl} alt={`Slice ${open.index + 1}, generated`} />
            </Synthetic>
            <p className={styles.facts}>{title(open)}</p>
            <div className={styles.leaf}>
              <button type="button" disabled={!slices.has(open.index - 1)} onClick={() => setShown(open.index - 1)}>
                ← posterior
              </button>
              <button type="button" disabled={!slices.has(open.index + 1)} onClick={() => setShown(open.index + 1)}>
                anterior →
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function title({ depth, psnr, ssim, rssim }: Slice): string {
  const scores =
    psnr === null ? '' : `, PSNR ${decimal(psnr, 1)} dB, SSIM ${decimal(ssim, 3)}, RSSIM ${decimal(rssim, 3)}`;
  return `Depth ${depth.toFixed(2)}${scores}`;
}
