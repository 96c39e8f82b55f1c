import { defineConfig } from "@graphql-mesh/compose-cli";
import { loadJSONSchemaSubgraph } from "@omnigraph/json-schema";

const text = { type: "string" };

const participant = {
  title: "Participant",
  type: "object",
  properties: { id: { type: "integer" }, name: text, phone_number: text, campaign_id: { type: "integer" } },
};

const campaign = {
  title: "Campaign",
  type: "object",
  properties: { id: { type: "integer" }, title: text, description: text },
};

const contact = {
  title: "ContactAnswer",
  type: "object",
  properties: {
    contact: {
      title: "Contact",
      type: "object",
      properties: { first_name: text, last_name: text, email_address: text, phone_number: text },
    },
  },
};

function read(field: string, path: string, responseSchema: object) {
  return {
    type: "Query" as const,
    field,
    path,
    method: "GET" as const,
    responseSchema,
  };
}

export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadJSONSchemaSubgraph("Pidj", {
        endpoint: "http://127.0.0.1:4180/pidj",
        operations: [read("contact", "/contact/{args.id}", contact)],
      }),
    },
    {
      sourceHandler: loadJSONSchemaSubgraph("Textizen", {
        endpoint: "http://127.0.0.1:4180/textizen/api",
        operations: [
          read("participant", "/participants/{args.id}", participant),
          read("allParticipants", "/participants", { type: "array", items: participant }),
          read("campaign", "/campaigns/{args.id}", campaign),
        ],
      }),
    },
  ],
  additionalTypeDefs: `
    extend type Participant {
      campaign: Campaign
        @resolveTo(
          sourceName: "Textizen"
          sourceTypeName: "Query"
          sourceFieldName: "campaign"
          requiredSelectionSet: "{ campaign_id }"
          sourceArgs: { id: "{root.campaign_id}" }
        )
    }
    type ParticipantConnection { nodes: [Participant] }
    extend type Query { participants(first: Int): ParticipantConnection }
  `,
});
