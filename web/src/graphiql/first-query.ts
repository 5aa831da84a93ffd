/** What the editor holds at the first visit. */
export const FIRST_QUERY = `# Knees with KL 2 or 3 at baseline, the worst first.
query FirstPage {
  kneeExams(
    where: { visit: { eq: V00 }, kl: { in: [2, 3] } }
    orderBy: [{ field: KL, direction: DESC }]
    first: 5
  ) {
    totalCount
    nodes {
      kl
      side
      participant { oaiId sex }
      visit { code age bmi }
      radiograph { view image { url } }
      mriSeries { sequence sliceCount }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;
