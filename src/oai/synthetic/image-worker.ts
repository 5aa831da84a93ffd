import { parentPort, workerData } from 'node:worker_threads';
import { writeImages } from './image-work.js';
import type { ImageWork } from './image-work.js';

// One thread of writeImagesInThreads: makes the images of its share and says so after each visit.
await writeImages(workerData as ImageWork, (written) => parentPort?.postMessage(written));
