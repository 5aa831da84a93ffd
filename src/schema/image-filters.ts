import { filterInput, listFilter } from './filter-input.js';
import {
  BooleanFilter,
  DateFilter,
  DateTimeFilter,
  FloatFilter,
  IdFilter,
  IntFilter,
  MriProtocolFilter,
  PlaneFilter,
  SideFilter,
  TextFilter,
} from './operators.js';

export const RadiographFilter = filterInput('RadiographFilter', 'Selects radiographs.', () => RadiographFilter, {
  id: [IdFilter, 'Node id.'],
  barcode: [TextFilter, 'Twelve digits.'],
  view: [TextFilter, "OAI's exam type."],
  date: [DateFilter, 'Day it was taken.'],
  rows: [IntFilter, 'Pixels; missing while only the tables tell of the film.'],
  columns: [IntFilter, 'Pixels.'],
  pixelSpacing: [FloatFilter, 'Millimetres per pixel at the detector.'],
  photometric: [TextFilter, 'Photometric interpretation of the source.'],
  bilateral: [() => Boolean, 'Whether the film shows both knees.'],
  stored: [() => Boolean, 'Whether its pixels are here.'],
  dropped: [() => Boolean, 'Whether a newer release of the table of images has it no more.'],
});

export const MriSeriesFilter = filterInput('MriSeriesFilter', 'Selects MRI series.', () => MriSeriesFilter, {
  id: [IdFilter, 'Node id.'],
  barcode: [TextFilter, 'Twelve digits.'],
  sequence: [TextFilter, 'Series description, which ends with the side.'],
  protocol: [MriProtocolFilter, 'What the description says beside the side.'],
  side: [SideFilter, 'Knee that the description names.'],
  plane: [PlaneFilter, 'Plane of the slices.'],
  date: [DateFilter, 'Day it was taken.'],
  sliceCount: [IntFilter, 'Number of slices; missing while only the tables tell of the series.'],
  rows: [IntFilter, 'Pixels of a slice.'],
  columns: [IntFilter, 'Pixels of a slice.'],
  pixelSpacing: [FloatFilter, 'In-plane millimetres per pixel.'],
  sliceSpacing: [FloatFilter, 'Millimetres between neighbouring slices.'],
  direction: [TextFilter, 'Direction of growing slice index.'],
  synthetic: [BooleanFilter, 'Whether a bundle generated it. Without this condition, real series are meant.'],
  createdAt: [DateTimeFilter, 'When it came into the platform.'],
  stored: [() => Boolean, 'Whether its pixels are here.'],
  dropped: [() => Boolean, 'Whether a newer release of the table of images has it no more.'],
});

export const RadiographListFilter = listFilter('RadiographListFilter', RadiographFilter);
export const MriSeriesListFilter = listFilter('MriSeriesListFilter', MriSeriesFilter);
