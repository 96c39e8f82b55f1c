import { Component, type ReactNode } from "react";
import { PageFailure } from "./pages.tsx";

/** Shows what is inside until it throws, or until a file of it cannot be loaded: then, the way to begin anew. */
export class Failing extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override state = { hasFailed: false };

  override render() {
    return this.state.hasFailed ? <PageFailure /> : this.props.children;
  }
}
