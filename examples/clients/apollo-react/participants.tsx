import { useQuery } from "@apollo/client/react";
import { ParticipantsPageDocument } from "@textgraph/client";
import { Problem } from "./problem.tsx";

/** A list that grows page by page; the kit's cache policies gather the pages. */
export function Participants() {
  const { data, error, loading, fetchMore } = useQuery(ParticipantsPageDocument, { variables: { first: 10 } });
  const page = data?.participants;
  return (
    <section aria-labelledby="participants">
      <h2 id="participants">Participants</h2>
      {loading && <p>Reading…</p>}
      <Problem error={error} />
      <ul>
        {page?.nodes?.map((participant) => (
          <li key={participant?.id}>{participant?.name ?? participant?.displayPhoneNumber}</li>
        ))}
      </ul>
      {page?.pageInfo?.hasNextPage && (
        <button type="button" onClick={() => fetchMore({ variables: { after: page.pageInfo?.endCursor ?? null } })}>
          More of {page.totalCount}
        </button>
      )}
    </section>
  );
}
