import { CombinedGraphQLErrors, type ErrorLike } from "@apollo/client";
import { useMutation } from "@apollo/client/react";
import { adviceOnError, adviceOnUserError } from "@textgraph/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { CreateSendJobDocument, JobsDocument } from "../generated/send.ts";
import { useOneAtATime } from "../parts/one-at-a-time.ts";
import { inputOf, type SendDraft } from "./draft.ts";

/** Checks a draft as soon as it is shown: a dry run, which stores nothing and texts nobody. */
export function useCheck(draft: SendDraft) {
  const [ask, { data, error }] = useMutation(CreateSendJobDocument);
  const latest = useRef(draft);
  const retry = useCallback(() => {
    const input = { ...inputOf(latest.current), isDryRun: true };
    // What fails is shown as `error`.
    ask({ variables: { input } }).catch(() => undefined);
  }, [ask]);
  useEffect(retry, [retry]);
  const answer = data?.createSendJob;
  const check = answer?.check ?? null;
  const [problem] = answer?.userErrors ?? [];
  // Where rows were counted, they say why nobody would get it.
  const refusal = problem === undefined || check !== null ? null : adviceOnUserError(problem.code).show;
  return { check, error, refusal, retry };
}

/**
 * Sends a draft. From the click on, it stays as it is, with its key, until the outcome is known: a second click, a lost answer
 * or a reload in between makes no second job.
 */
export function useSubmit(draft: SendDraft) {
  const navigate = useNavigate();
  const [create, { error, loading }] = useMutation(CreateSendJobDocument, { refetchQueries: [JobsDocument] });
  const [refusal, setRefusal] = useState<string | null>(null);
  const onlyOne = useOneAtATime();
  const latest = useRef(draft);
  latest.current = draft;

  const submitOnce = useCallback(async () => {
    setRefusal(null);
    latest.current.change({ step: "submitted" });
    try {
      const answer = await create({ variables: { input: inputOf(latest.current) } });
      const { job = null, userErrors = [] } = answer.data?.createSendJob ?? {};
      const [problem] = userErrors;
      if (job !== null) {
        latest.current.startOver();
        await navigate(`/send/${job.id}`, { replace: true });
      } else if (problem !== undefined) {
        const advice = adviceOnUserError(problem.code);
        setRefusal(advice.show);
        latest.current.reopen(advice.key === "new" ? "new" : "same");
      } else if (isCertainlyNotMade(answer.error)) {
        latest.current.reopen("same");
      }
    } catch {
      // Shown as `error`. The draft stays submitted: another try with its key sends nothing twice.
    }
  }, [create, navigate]);
  const submit = useCallback(() => onlyOne(submitOnce), [onlyOne, submitOnce]);

  // A reload came between the click and the answer.
  const wasSubmitted = useRef(draft.step === "submitted");
  useEffect(() => {
    if (wasSubmitted.current) {
      void submit();
    }
  }, [submit]);

  return { submit, error, refusal, isPending: loading };
}

/** Whether the graph has refused the request before anything was done with its key. */
function isCertainlyNotMade(error: ErrorLike | undefined): boolean {
  return (
    CombinedGraphQLErrors.is(error) &&
    error.errors.every(({ extensions }) => adviceOnError(String(extensions?.["code"])).key !== "same")
  );
}
