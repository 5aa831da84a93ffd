/** The part of dcmjs (which ships without declarations) that writes files. */
declare module 'dcmjs' {
  interface DicomElement {
    readonly vr: string;
    readonly Value: readonly unknown[];
  }

  interface DicomDict {
    dict: Record<string, DicomElement>;
    write(options?: { allowInvalidVRLength: boolean }): ArrayBuffer;
  }

  export const data: {
    readonly DicomDict: new (meta: Record<string, DicomElement>) => DicomDict;
    readonly DicomMetaDictionary: {
      denaturalizeDataset(dataset: Record<string, unknown>): Record<string, DicomElement>;
    };
  };
}
