import { type CSSProperties, useEffect, useId, useMemo, useRef, useState } from 'react';
import { Synthetic } from '../../components/synthetic.tsx';
import { decimal } from '../../lib/words.ts';
import { ORIGIN_MARKS } from '../viewer/images.ts';
import { paintSlice } from '../viewer/paint.ts';
import { PRESETS, presetWindow, type Stack, type Window } from '../viewer/stack.ts';
import { ProfileChart } from './profile-chart.tsx';
import { ProfileLine } from './profile-line.tsx';
import type { Line } from './profile.ts';
import { nearestSlice } from './same-place.ts';
import { SwipeDivider } from './swipe-divider.tsx';
import styles from './series-swipe.module.css';

interface SwipeProps {
  before: Stack;
  /** Over the same field of view. */
  after: Stack;
  /** Whether the series before is a phantom's. */
  phantom: boolean;
}

/** Where a profile begins: from above to below, beside the divider, as a line across the joint's cartilage runs. */
const ACROSS: Line = [
  [0.35, 0.35],
  [0.35, 0.65],
];

/** The same slice of a series before and after it became finer, by place in mm, one wiped over the other, in one window. */
export function SeriesSwipe({ before, after, phantom }: SwipeProps) {
  const [share, setShare] = useState(50);
  const [slice, setSlice] = useState(after.slices >> 1);
  const [line, setLine] = useState<Line>();
  const id = useId();
  const window = useMemo(() => presetWindow(before, PRESETS[0].range), [before]);
  const taken = nearestSlice(before, after, slice);
  const size = sizeOf(after);
  const into = decimal((slice - (after.slices - 1) / 2) * (after.gap ?? 0), 1, ' mm');
  return (
    <div className={styles.swipe}>
      <div className={styles.pictures} style={{ '--ratio': size[0] / size[1] } as CSSProperties}>
        <Slice stack={before} slice={taken} window={window} label={`Before: slice ${taken + 1} of ${before.slices}`} />
        {phantom && <span className={styles.phantom}>{ORIGIN_MARKS.PHANTOM}</span>}
        <div className={styles.above} style={{ clipPath: `inset(0 0 0 ${share}%)` }}>
          <Synthetic className={styles.made}>
            <Slice
              stack={after}
              slice={slice}
              window={window}
              label={`After, synthetic: slice ${slice + 1} of ${after.slices}`}
            />
          </Synthetic>
        </div>
        <SwipeDivider share={share} onMove={setShare} />
        {line && <ProfileLine line={line} onChange={setLine} />}
      </div>
      <p className={styles.tags}>
        <span>before</span>
        <span>after, synthetic</span>
      </p>
      <label className={styles.slice} htmlFor={id}>
        Slice
        <input
          id={id}
          type="range"
          min={0}
          max={after.slices - 1}
          value={slice}
          aria-valuetext={`${slice + 1} of ${after.slices}, ${into} from the middle`}
          onChange={({ target }) => setSlice(Number(target.value))}
        />
      </label>
      <p className={styles.place}>
        Slice {slice + 1} of {after.slices} after, beside slice {taken + 1} of {before.slices} before; {into} from the
        middle.
      </p>
      <label>
        <input
          type="checkbox"
          checked={line !== undefined}
          onChange={({ target }) => setLine(target.checked ? ACROSS : undefined)}
        />{' '}
        Profile along a line
      </label>
      {line && (
        <ProfileChart
          before={{ stack: before, slice: taken }}
          after={{ stack: after, slice }}
          line={line}
          size={size}
        />
      )}
    </div>
  );
}

/** Width and height, mm. */
function sizeOf({ columns, rows, spacing }: Stack): readonly [number, number] {
  const [across, down] = spacing ?? [1, 1];
  return [columns * across, rows * down];
}

interface SliceProps {
  stack: Stack;
  slice: number;
  window: Window;
  label: string;
}

function Slice({ stack, slice, window, label }: SliceProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paintSlice(canvas.current, stack, slice, window);
  }, [stack, slice, window]);
  return <canvas ref={canvas} role="img" aria-label={label} />;
}
