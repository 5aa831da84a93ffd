/**
 * Ask, count, read every page of a list, stream an export, fetch a volume; all typed by the schema.
 *
 *     OSTEOGRAPH_TOKEN=osteo_... node examples/node/first-ten-minutes.ts
 */
import { createInterface } from 'node:readline/promises';
import { Readable } from 'node:stream';
// In a project of your own: from '@osteograph/client'.
import { connect, graphql, type ResultOf } from '../../clients/typescript/src/index.ts';

const { OSTEOGRAPH_URL: url = 'http://127.0.0.1:4000', OSTEOGRAPH_TOKEN: token = '' } = process.env;
const osteograph = connect({ url, token });

// Count: knees at baseline by grade and sex.
const counts = await osteograph.ask(
  graphql(`
    query Counts {
      kneeExamFacets(where: { visit: { eq: V00 } }, by: [KL, SEX]) {
        exams
        values {
          value
        }
      }
    }
  `),
);
for (const { exams, values } of counts.kneeExamFacets) {
  console.log(`KL ${values[0]?.value ?? 'missing'}, ${values[1]?.value ?? 'sex missing'}: ${exams}`);
}

// Ask: every page of the knees that got worse within four years.
const worsened = graphql(`
  query Worsened($after: String) {
    kneeExams(where: { klChange: { from: V00, to: V06, gte: 1 }, visit: { eq: V00 } }, first: 100, after: $after) {
      nodes {
        kl
        side
        participant {
          oaiId
          phantom
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
let after: string | null = null;
let read = 0;
do {
  const { kneeExams }: ResultOf<typeof worsened> = await osteograph.ask(worsened, { after });
  read += kneeExams.nodes.length;
  after = kneeExams.pageInfo.hasNextPage ? kneeExams.pageInfo.endCursor : null;
} while (after !== null);
console.log(`${read} knees have a higher grade at 48 months than at baseline`);

// Export: a stream of rows, one JSON object per line; memory does not grow with the rows.
interface Row {
  oai_id: string;
  phantom: boolean;
  xrkl: number | null;
  xrkl_missing: string | null;
}
const where = JSON.stringify({ visit: { eq: 'V00' } });
const query = new URLSearchParams({ format: 'NDJSON', columns: 'xrkl', where });
const { body } = await osteograph.fetch(`/exports?${query.toString()}`);
const codes = new Map<string, number>();
for await (const line of createInterface({ input: Readable.fromWeb(body!) })) {
  const { xrkl, xrkl_missing: code } = JSON.parse(line) as Row;
  if (xrkl === null) codes.set(code ?? 'not read', (codes.get(code ?? 'not read') ?? 0) + 1);
}
console.log(`reasons for missing grades: ${JSON.stringify(Object.fromEntries(codes))}`);

// Look: the volume of a knee that has an MRI, by signed URL.
const { kneeExams } = await osteograph.ask(
  graphql(`
    query Volume {
      kneeExams(where: { hasMri: true }, first: 1) {
        nodes {
          mriSeries {
            sequence
            volume {
              url
              bytes
            }
          }
        }
      }
    }
  `),
);
const series = kneeExams.nodes[0]?.mriSeries.find(({ volume }) => volume !== null);
if (series?.volume) {
  const nifti = await (await osteograph.fetch(series.volume.url)).arrayBuffer();
  console.log(`${series.sequence}: ${nifti.byteLength} of ${series.volume.bytes} bytes of NIfTI`);
} else {
  console.log('No MRI is stored here; import a release with images, or run the demo.');
}
