/** The parts of dcmjs (which ships without declarations) that write files, and know the data dictionary. */
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
      /** By tag, "(0010,0010)"; names of retired attributes begin with RETIRED_. */
      readonly dictionary: Readonly<Record<string, { readonly vr: string; readonly name: string } | undefined>>;
      /** By name. */
      readonly nameMap: Readonly<Record<string, { readonly tag?: string } | undefined>>;
      denaturalizeDataset(dataset: Record<string, unknown>): Record<string, DicomElement>;
    };
  };
}
