import { CombinedGraphQLErrors, type ErrorLike } from "@apollo/client";
import { adviceOnError } from "@textgraph/client";

/** What a person is told about an error; the rest of the page is shown all the same. */
export function Problem({ error }: { readonly error: ErrorLike | undefined }) {
  if (error === undefined) {
    return null;
  }
  const codes = CombinedGraphQLErrors.is(error)
    ? error.errors.map(({ extensions }) => String(extensions?.["code"]))
    : ["PLATFORM_UNAVAILABLE"];
  const sentences = new Set(codes.map((code) => adviceOnError(code).show));
  return <p role="alert">{[...sentences].join(" ")}</p>;
}
