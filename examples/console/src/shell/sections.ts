import { Activity, ChartBarBig, Inbox as InboxIcon, type LucideIcon, Send, Users } from "lucide-react";
import { type ComponentType, lazy } from "react";
import Inbox from "../inbox/inbox.tsx";
import { strings } from "../strings.ts";

interface Section {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Any of these opens it. */
  readonly scopes: readonly string[];
  readonly Page: ComponentType;
}

/** The sections of the console, in the order of the menu. Nearly everybody begins in the first; the others are loaded when opened. */
export const SECTIONS: readonly Section[] = [
  { path: "inbox", name: strings.nav.inbox, icon: InboxIcon, scopes: ["messages:read"], Page: Inbox },
  {
    path: "people",
    name: strings.nav.people,
    icon: Users,
    scopes: ["contacts:read", "participants:read"],
    Page: lazy(() => import("../people/people.tsx")),
  },
  {
    path: "polls",
    name: strings.nav.polls,
    icon: ChartBarBig,
    scopes: ["polls:read"],
    Page: lazy(() => import("../polls/polls.tsx")),
  },
  {
    path: "send",
    name: strings.nav.send,
    icon: Send,
    scopes: ["messages:read"],
    Page: lazy(() => import("../send/send.tsx")),
  },
  {
    path: "ops",
    name: strings.nav.ops,
    icon: Activity,
    scopes: ["platform:status", "attempts:read"],
    Page: lazy(() => import("../ops/ops.tsx")),
  },
];
