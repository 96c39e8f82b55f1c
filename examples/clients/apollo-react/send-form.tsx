import { useMutation, useQuery } from "@apollo/client/react";
import { adviceOnUserError, LinesDocument, newIdempotencyKey, SendMessageDocument } from "@textgraph/client";
import { type FormEvent, useState } from "react";
import { Problem } from "./problem.tsx";

/** A text to one person. The key is made with the form, and a new one only after the text was accepted. */
export function SendForm() {
  const [idempotencyKey, setKey] = useState(newIdempotencyKey);
  const { data: lines } = useQuery(LinesDocument);
  const [send, { data, error, loading }] = useMutation(SendMessageDocument);
  const groups = lines?.pidjGroups?.nodes?.filter((group) => group?.phoneNumber !== null) ?? [];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const input = {
      from: { groupId: String(values.get("group")) },
      recipient: { phoneNumber: String(values.get("number")) },
      text: String(values.get("text")),
      idempotencyKey,
    };
    const { data: sent } = await send({ variables: { input } });
    if (sent?.sendMessage?.userErrors?.length === 0) {
      setKey(newIdempotencyKey());
    }
  }

  const payload = data?.sendMessage;
  return (
    <section aria-labelledby="send">
      <h2 id="send">Send</h2>
      <form onSubmit={submit}>
        <label>
          From{" "}
          <select name="group">
            {groups.map((group) => (
              <option key={group?.id} value={group?.id}>
                {group?.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          To <input name="number" type="tel" required />
        </label>
        <label>
          Text <textarea name="text" required />
        </label>
        <button type="submit" disabled={loading}>
          Send
        </button>
      </form>
      <Problem error={error} />
      {payload?.userErrors?.map((problem) => (
        <p role="alert" key={problem?.code}>
          {adviceOnUserError(problem?.code ?? "OUTCOME_UNKNOWN").show}
        </p>
      ))}
      {payload?.message && <p role="status">Sent to {payload.message.to?.displayName}</p>}
    </section>
  );
}
