import { Menu } from '../../components/menu.tsx';
import { fileSize } from '../../lib/words.ts';
import type { Generation } from './queries.ts';
import styles from './downloads.module.css';

/** The volume as files; each says inside that it is synthetic. */
export function Downloads({ series }: { series: NonNullable<Generation['mriSeries']> }) {
  const { volume, dicom, slicePngs, montage } = series;
  const files = [
    volume && { href: volume.url, name: 'NIfTI', note: `.nii.gz, ${fileSize(volume.bytes)}` },
    dicom && { href: dicom.url, name: 'DICOM', note: 'a file per slice, zipped' },
    slicePngs && { href: slicePngs.url, name: 'PNG', note: '16-bit slices, zipped' },
    montage && { href: montage.url, name: 'Picture', note: 'slices side by side, PNG' },
  ].filter((file) => file !== null);
  return (
    <Menu label="Download" className={styles.files}>
      {files.map(({ href, name, note }) => (
        <a key={name} href={href} download="">
          {name} <small>{note}</small>
        </a>
      ))}
    </Menu>
  );
}
