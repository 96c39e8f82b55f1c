import { Activity, ChartBarBig, Inbox, type LucideIcon, Users } from "lucide-react";
import type { ComponentType } from "react";
import { strings } from "../strings.ts";

interface Section {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Any of these opens it. */
  readonly scopes: readonly string[];
  readonly load: () => Promise<{ readonly default: ComponentType }>;
}

/** The sections of the console, in the order of the menu. */
export const SECTIONS: readonly Section[] = [
  {
    path: "inbox",
    name: strings.nav.inbox,
    icon: Inbox,
    scopes: ["messages:read"],
    load: () => import("../inbox/inbox.tsx"),
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
    path: "ops",
    name: strings.nav.ops,
    icon: Activity,
    scopes: ["platform:status", "attempts:read"],
    load: () => import("../ops/ops.tsx"),
  },
];
