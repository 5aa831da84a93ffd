import { parentPort } from 'node:worker_threads';
import { takeFilm } from '../../dist/src/oai/synthetic/film.js';
import { renderMri } from '../../dist/src/oai/synthetic/mri.js';
import { makePhantom } from '../../dist/src/oai/synthetic/phantom.js';
import { Random } from '../../dist/src/oai/synthetic/random.js';

/** Draws phantoms outside the jest sandbox, in which every use of `Math` is some ten times slower. */
parentPort.on('message', ({ id, kind, identity, right, left, size }) => {
  const phantom = makePhantom(identity, right);
  const draw = {
    mri: () => renderMri(phantom, size, new Random('scan')).slices,
    film: () => takeFilm(phantom, makePhantom({ ...identity, side: 'LEFT' }, left), 0.5, new Random('film')),
    gap: () => medialGap(phantom),
  };
  parentPort.postMessage({ id, drawn: draw[kind]() });
});

/** Distance from bone to bone at the middle of the medial plateau, mm. */
function medialGap({ bones, anatomy }) {
  const x = anatomy.condyleSplit * anatomy.scale;
  const z = -6;
  const top = bones.plateau(x, z);
  let y = top;
  while (bones.femur.at(x, y, z) > 0) y -= 0.05;
  return top - y;
}
