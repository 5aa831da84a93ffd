import type { DataSet, Element } from 'dicom-parser';
import type { RawElement } from './elements.js';

const PIXEL_DATA = '7fe00010';

/** How the elements of a data set are taken over. */
export interface ElementReader {
  /** The value representation of an element; null for one that is left out. */
  vrOf(dataSet: DataSet, element: Element): string | null;
  /** The value of an element that is no sequence. */
  valueOf(dataSet: DataSet, element: Element, vr: string): Uint8Array;
}

/** The elements of a data set and of the items of its sequences, without pixels and without lengths of groups, which are of the old form. */
export function rawElements(dataSet: DataSet, reader: ElementReader): RawElement[] {
  return Object.values(dataSet.elements).flatMap((element): RawElement[] => {
    const tag = element.tag.slice(1);
    const vr = tag.endsWith('0000') || tag === PIXEL_DATA ? null : reader.vrOf(dataSet, element);
    if (vr === null) return [];
    if (vr !== 'SQ') return [{ tag, vr, value: reader.valueOf(dataSet, element, vr) }];
    const items = (element.items ?? []).flatMap((item) => (item.dataSet ? [rawElements(item.dataSet, reader)] : []));
    return [{ tag, vr, value: items }];
  });
}

/** Whether an element belongs to what stands before the data set, which is explicit little endian in every file. */
export function isMeta({ tag }: Pick<RawElement, 'tag'>): boolean {
  return tag.startsWith('0002');
}
