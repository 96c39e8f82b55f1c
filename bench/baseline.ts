import { type DataSourceConfig, RESTDataSource } from "@apollo/datasource-rest";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { startStandaloneServer } from "@apollo/server/standalone";
import DataLoader from "dataloader";
import type { Campaign, Contact, Participant } from "./world.ts";

// The server that a careful team writes by hand: Apollo Server, a RESTDataSource per platform, a DataLoader per kind of
// record, all made anew for every request. Lists may be 30 seconds old, as everywhere in this benchmark.
//
//   node bench/baseline.ts PORT PLATFORM_PORT

const [port, platformPort] = process.argv.slice(2).map(Number);
const LIST_SECONDS = 30;
const BASIC = `Basic ${Buffer.from("account:token").toString("base64")}`;

const typeDefs = `#graphql
  type Query {
    contact(id: ID!): Contact
    participant(id: ID!): Participant
    participants(first: Int = 20): ParticipantConnection
  }
  type Contact { firstName: String lastName: String emailAddress: String displayPhoneNumber: String }
  type Participant { id: ID! name: String displayPhoneNumber: String campaign: Campaign }
  type ParticipantConnection { nodes: [Participant!]! }
  type Campaign { id: ID! title: String description: String }
`;

type ParticipantDetail = Participant & { readonly campaign_id?: number };

class Pidj extends RESTDataSource {
  override baseURL = `http://127.0.0.1:${platformPort}/pidj/`;

  override willSendRequest(_path: string, request: { headers: Record<string, string> }): void {
    request.headers["authorization"] = BASIC;
  }

  async contact(id: string): Promise<Contact> {
    return (await this.get<{ contact: Contact }>(`contact/${encodeURIComponent(id)}`)).contact;
  }
}

class Textizen extends RESTDataSource {
  override baseURL = `http://127.0.0.1:${platformPort}/textizen/api/`;

  participant(id: string): Promise<ParticipantDetail> {
    return this.get(`participants/${id}`, { params: { auth_token: "bench" } });
  }

  participants(): Promise<ParticipantDetail[]> {
    return this.get("participants", { params: { auth_token: "bench" }, cacheOptions: { ttl: LIST_SECONDS } });
  }

  campaign(id: number): Promise<Campaign> {
    return this.get(`campaigns/${id}`, { params: { auth_token: "bench" } });
  }
}

interface Context {
  readonly textizen: Textizen;
  readonly contacts: DataLoader<string, Contact>;
  readonly participants: DataLoader<string, ParticipantDetail>;
  readonly campaigns: DataLoader<number, Campaign>;
}

function createContext(config: DataSourceConfig): Context {
  const pidj = new Pidj(config);
  const textizen = new Textizen(config);
  return {
    textizen,
    contacts: new DataLoader((ids) => Promise.all(ids.map((id) => pidj.contact(id)))),
    participants: new DataLoader((ids) => Promise.all(ids.map((id) => textizen.participant(id)))),
    campaigns: new DataLoader((ids) => Promise.all(ids.map((id) => textizen.campaign(id)))),
  };
}

const resolvers = {
  Query: {
    contact: (_: unknown, { id }: { id: string }, context: Context) => context.contacts.load(id),
    participant: (_: unknown, { id }: { id: string }, context: Context) => context.participants.load(id),
    participants: async (_: unknown, { first }: { first: number }, context: Context) => ({
      nodes: (await context.textizen.participants()).slice(0, first),
    }),
  },
  Contact: {
    firstName: (contact: Contact) => contact.first_name,
    lastName: (contact: Contact) => contact.last_name,
    emailAddress: (contact: Contact) => contact.email_address,
    displayPhoneNumber: (contact: Contact) => contact.phone_number,
  },
  Participant: {
    displayPhoneNumber: (participant: Participant) => participant.phone_number,
    campaign: ({ campaign_id }: ParticipantDetail, _: unknown, context: Context) =>
      campaign_id === undefined ? null : context.campaigns.load(campaign_id),
  },
};

const server = new ApolloServer<Context>({
  typeDefs,
  resolvers,
  plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
});
const config: DataSourceConfig = { cache: server.cache };
await startStandaloneServer(server, {
  listen: { port: port ?? 0, host: "127.0.0.1" },
  context: async () => createContext(config),
});
