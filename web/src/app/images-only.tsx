import type { ReactNode } from 'react';
import { useSession } from './session-context.tsx';

/** Images, or one sentence for whoever may read records only. */
export function ImagesOnly({ children }: { children: ReactNode }) {
  const { viewer } = useSession();
  if (viewer.canSeeImages) return children;
  return <p>Images are for the role READER; yours is {viewer.role}, which reads records.</p>;
}
