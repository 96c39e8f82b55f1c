import {
  adviceOnUserError,
  FindPersonDocument,
  LinesDocument,
  newIdempotencyKey,
  SendMessageDocument,
  sendWithRetries,
} from "@textgraph/client";
import { useClient, useMutation, useQuery } from "villus";
import { defineComponent, h, ref } from "vue";

/** A person with a button that greets them. */
export const PersonCard = defineComponent({
  props: { url: { type: String, required: true }, phoneNumber: { type: String, required: true } },
  async setup({ url, phoneNumber }) {
    useClient({ url });
    const idempotencyKey = newIdempotencyKey();
    const outcome = ref("");
    const lines = useQuery({ query: LinesDocument });
    const send = useMutation(SendMessageDocument);
    const found = await useQuery({ query: FindPersonDocument, variables: { phoneNumber } });
    await lines;

    async function greet() {
      const group = lines.data.value?.pidjGroups?.nodes.find((line) => line.phoneNumber !== null);
      const input = { from: { groupId: group?.id ?? "" }, recipient: { phoneNumber }, text: "Hello!", idempotencyKey };
      const { data } = await sendWithRetries(SendMessageDocument, { input }, async (variables) => {
        const { data: answer, error } = await send.execute(variables);
        if (error?.networkError) {
          throw error.networkError;
        }
        return { data: answer };
      });
      const [problem] = data?.sendMessage?.userErrors ?? [];
      outcome.value = problem === undefined ? "Sent" : adviceOnUserError(problem.code).show;
    }

    return () =>
      h("section", [
        h("h2", found.data.value?.person.displayName ?? phoneNumber),
        h("button", { onClick: greet }, "Greet"),
        h("p", { role: "status" }, outcome.value),
      ]);
  },
});
