import { CombinedGraphQLErrors, type ErrorLike } from "@apollo/client";
import { adviceOnError } from "@textgraph/client";
import { CloudAlert, type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { strings } from "../strings.ts";

interface EmptyProps {
  readonly icon: LucideIcon;
  readonly title: string;
  /** The page has no other heading. */
  readonly isPage?: boolean;
  readonly children?: ReactNode;
}

/** What stands where there is nothing, or nothing that may be shown. */
export function Empty({ icon: Icon, title, isPage = false, children }: EmptyProps) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <div className="empty">
      <Icon aria-hidden size={28} />
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

interface SkeletonProps {
  readonly rows?: number;
  /** What is under way: rows with a picture, lines, texts of a conversation, or cards. */
  readonly of?: "people" | "lines" | "texts" | "cards";
}

/** Grey shapes in the place of what is under way. */
export function Skeleton({ rows = 6, of = "people" }: SkeletonProps) {
  return (
    <div className={`skeleton skeleton-${of}`} role="status">
      <span className="visually-hidden">{strings.states.loading}</span>
      {[...Array(rows).keys()].map((row) => (
        <div className="skeleton-row" key={row} aria-hidden>
          <span />
          <div>
            <span />
            <span />
          </div>
        </div>
      ))}
    </div>
  );
}

interface ProblemProps {
  readonly error: ErrorLike | undefined;
  readonly onRetry?: () => void;
}

/** What stands where nothing could be read: why, and the button to try again. */
export function Failed({ error, title, onRetry }: ProblemProps & { readonly title: string }) {
  return (
    <div className="failed" role="alert">
      <Empty icon={CloudAlert} title={title}>
        <p>{sentencesOf(error)}</p>
        {onRetry && (
          <button type="button" className="button" onClick={onRetry}>
            {strings.states.retry}
          </button>
        )}
      </Empty>
    </div>
  );
}

/** What a person is told about an error, once for each kind; the rest of the page is shown beside it. */
export function Problem({ error, onRetry }: ProblemProps) {
  if (error === undefined) {
    return null;
  }
  return <Banner {...(onRetry && { onRetry })}>{sentencesOf(error)}</Banner>;
}

interface BannerProps {
  readonly children: ReactNode;
  readonly onRetry?: () => void;
}

/** A sentence about what is missing beside it, and the button to try again. */
export function Banner({ children, onRetry }: BannerProps) {
  return (
    <div className="banner banner-warn" role="alert">
      <span>{children}</span>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {strings.states.retry}
        </button>
      )}
    </div>
  );
}

/**
 * Whether a field could not be read, by its path without indexes: `person.participant`. True of everything if the whole
 * operation failed, and of what lies under a field that did.
 */
export function hasFailed(error: ErrorLike | undefined, path: string): boolean {
  if (!CombinedGraphQLErrors.is(error)) {
    return error !== undefined;
  }
  return error.errors.some(({ path: parts }) => {
    const failed = (parts ?? []).filter((part) => typeof part === "string").join(".");
    return failed === "" || failed === path || path.startsWith(`${failed}.`);
  });
}

/** What stands in the place of one part of a page that could not be read; the rest is shown beside it. */
export function Unreadable({ children }: { readonly children: ReactNode }) {
  return (
    <p className="unreadable">
      <TriangleAlert aria-hidden size={18} />
      <span>{children}</span>
    </p>
  );
}

function sentencesOf(error: ErrorLike | undefined): string {
  const codes = CombinedGraphQLErrors.is(error)
    ? error.errors.map(({ extensions }) => String(extensions?.["code"]))
    : ["STORE_UNAVAILABLE"];
  return [...new Set(codes.map((code) => adviceOnError(code).show))].join(" ");
}
