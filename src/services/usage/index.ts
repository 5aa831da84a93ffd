/** What generations have taken: computing time, files and, by prices of devices, cost. */
export { usageReport, type UsageRequest } from './report.js';
