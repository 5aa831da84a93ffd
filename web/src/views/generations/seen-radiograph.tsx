import { FramedFilm } from '../../components/framed-film.tsx';
import type { Generation } from './queries.ts';

/** The film with the square that the model sees. */
export function SeenRadiograph({ generation: { radiograph, upload, box } }: { generation: Generation }) {
  const film = radiograph ?? upload;
  if (!film?.image) return <p>The film is no longer stored here.</p>;
  const alt = radiograph ? `Radiograph, ${radiograph.view}` : 'Uploaded radiograph';
  return <FramedFilm url={film.image.url} alt={alt} rows={film.rows} columns={film.columns} boxes={box ? [box] : []} />;
}
