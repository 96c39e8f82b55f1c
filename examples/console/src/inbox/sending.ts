import { CombinedGraphQLErrors, type ErrorLike } from "@apollo/client";
import { useMutation } from "@apollo/client/react";
import { adviceOnError, adviceOnUserError } from "@textgraph/client";
import { useState } from "react";
import { SendDocument, type SendMutationVariables } from "../generated/inbox.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { strings } from "../strings.ts";

type Input = SendMutationVariables["input"];

/** The sends of a conversation, one at a time. */
export interface Sending {
  readonly isPending: boolean;
  /** Why the last one was not carried out. What the server has recorded of a text is said in the conversation instead. */
  readonly failure: { readonly key: string; readonly sentence: string } | null;
  /** Resolves with whether the key belongs to something else; another one is needed then. */
  readonly send: (input: Input) => Promise<boolean>;
}

export function useSending(onDone: () => Promise<unknown>): Sending {
  const [mutate, { loading }] = useMutation(SendDocument);
  const [failure, setFailure] = useState<Sending["failure"]>(null);
  const onlyOne = useOneAtATime();

  async function send(input: Input): Promise<boolean> {
    let isForeign = false;
    await onlyOne(async () => {
      setFailure(null);
      const { data, error } = await mutate({ variables: { input } }).catch((thrown: ErrorLike) => ({
        data: undefined,
        error: thrown,
      }));
      const problem = data?.sendMessage?.userErrors[0];
      const advice = problem && problem.code !== "OUTCOME_UNKNOWN" ? adviceOnUserError(problem.code) : null;
      const sentence = error ? sentenceOf(error) : advice?.show;
      isForeign = advice?.key === "new";
      if (sentence !== undefined) {
        setFailure({ key: input.idempotencyKey, sentence });
      }
      await onDone().catch(() => undefined);
    });
    return isForeign;
  }

  return { isPending: loading, failure, send };
}

/** Without an answer it may have been sent all the same: the same key makes another try safe. */
function sentenceOf(error: ErrorLike): string {
  if (!CombinedGraphQLErrors.is(error)) {
    return strings.inbox.noAnswer;
  }
  const code = String(error.errors[0]?.extensions?.["code"]);
  return code.startsWith("PLATFORM_") ? strings.inbox.platformFailed : adviceOnError(code).show;
}
