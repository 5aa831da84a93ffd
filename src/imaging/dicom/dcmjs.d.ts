/** The parts of dcmjs (which ships without declarations) that write files and reports, and know the data dictionary. */
declare module 'dcmjs' {
  interface ContentItemOptions {
    readonly name: CodedConcept;
    /** Of every item but the root. */
    readonly relationshipType?: string | undefined;
  }

  interface CodedConcept {
    readonly CodeValue: string;
  }

  type ItemOf<Options> = new (options: ContentItemOptions & Options) => object;

  /** Content items of Structured Reports. */
  export const sr: {
    readonly coding: {
      readonly CodedConcept: new (options: {
        value: string;
        schemeDesignator: string;
        meaning: string;
      }) => CodedConcept;
    };
    readonly valueTypes: {
      readonly CodeContentItem: ItemOf<{ value: CodedConcept }>;
      readonly ContainerContentItem: ItemOf<{ templateID?: string }>;
      readonly ImageContentItem: ItemOf<{ referencedSOPClassUID: string; referencedSOPInstanceUID: string }>;
      readonly NumContentItem: ItemOf<{ value: number; unit: CodedConcept }>;
      readonly TextContentItem: ItemOf<{ value: string }>;
      readonly UIDRefContentItem: ItemOf<{ value: string }>;
    };
  };

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
