import type { ApolloClient } from "@apollo/client";
import { Activity, ChartBarBig, Inbox, type LucideIcon, Send, Users } from "lucide-react";
import type { ComponentType } from "react";
import { FIRST_PAGE } from "../inbox/first-page.ts";
import { strings } from "../strings.ts";

interface Section {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Any of these opens it. */
  readonly scopes: readonly string[];
  readonly load: () => Promise<{ readonly default: ComponentType }>;
  /** Reads what it shows first, before it is loaded; free of platform calls, because the key may not even open it. */
  readonly read?: (client: ApolloClient) => Promise<unknown>;
}

/** The sections of the console, in the order of the menu. */
export const SECTIONS: readonly Section[] = [
  {
    path: "inbox",
    name: strings.nav.inbox,
    icon: Inbox,
    scopes: ["messages:read"],
    load: () => import("../inbox/inbox.tsx"),
    read: (client) => client.query(FIRST_PAGE),
  },
  {
    path: "people",
    name: strings.nav.people,
    icon: Users,
    scopes: ["contacts:read", "participants:read"],
    load: () => import("../people/people.tsx"),
  },
  {
    path: "polls",
    name: strings.nav.polls,
    icon: ChartBarBig,
    scopes: ["polls:read"],
    load: () => import("../polls/polls.tsx"),
  },
  {
    path: "send",
    name: strings.nav.send,
    icon: Send,
    scopes: ["messages:read"],
    load: () => import("../send/send.tsx"),
  },
  {
    path: "ops",
    name: strings.nav.ops,
    icon: Activity,
    scopes: ["platform:status", "attempts:read"],
    load: () => import("../ops/ops.tsx"),
  },
];
