import { type FilmWork, readFilm } from './film.js';
import { answerOnce } from './thread.js';

/** A thread that reads one film; see reader.ts. */
await answerOnce((work: FilmWork) => readFilm(work));
