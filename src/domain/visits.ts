/** OAI time points. Radiographs were taken at the seven visits with `radiograph: true`; V07 and V09 were phone contacts. */
export const VISITS = [
  { code: 'V00', month: 0, name: 'Baseline', radiograph: true, folder: '00m' },
  { code: 'V01', month: 12, name: '12 months', radiograph: true, folder: '12m' },
  { code: 'V02', month: 18, name: '18 months (interim)', radiograph: false, folder: '18m' },
  { code: 'V03', month: 24, name: '24 months', radiograph: true, folder: '24m' },
  { code: 'V04', month: 30, name: '30 months (interim)', radiograph: false, folder: '30m' },
  { code: 'V05', month: 36, name: '36 months', radiograph: true, folder: '36m' },
  { code: 'V06', month: 48, name: '48 months', radiograph: true, folder: '48m' },
  { code: 'V07', month: 60, name: '60 months (phone)', radiograph: false, folder: '60m' },
  { code: 'V08', month: 72, name: '72 months', radiograph: true, folder: '72m' },
  { code: 'V09', month: 84, name: '84 months (phone)', radiograph: false, folder: '84m' },
  { code: 'V10', month: 96, name: '96 months', radiograph: true, folder: '96m' },
  { code: 'V11', month: 108, name: '108 months', radiograph: false, folder: '108m' },
  { code: 'V12', month: 120, name: '120 months', radiograph: false, folder: '120m' },
] as const;

export type VisitCode = (typeof VISITS)[number]['code'];

export const VISIT_CODES: readonly VisitCode[] = VISITS.map((visit) => visit.code);

export const RADIOGRAPH_VISITS: readonly VisitCode[] = VISITS.filter((v) => v.radiograph).map((v) => v.code);

export function isVisitCode(text: string): text is VisitCode {
  return (VISIT_CODES as readonly string[]).includes(text);
}

/** Months after baseline, e.g. 48 for V06. */
export function visitMonth(code: VisitCode): number {
  return VISITS.find((visit) => visit.code === code)!.month;
}
