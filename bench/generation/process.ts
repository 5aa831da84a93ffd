import { readFile } from 'node:fs/promises';

/** Largest resident memory so far and processor time of a process, from /proc: Linux only. */
export async function processFigures(pid: number): Promise<{ peakGigabytes: number; processorSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return {
    peakGigabytes: (Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024) / 1e9,
    // The kernel counts in hundredths of a second.
    processorSeconds: (user! + system!) / 100,
  };
}
