import { createContext, type ReactNode, useContext, useEffect, useId, useState } from "react";
import { ModalOverlay } from "react-aria-components";
import { useBlocker } from "react-router";
import { Question } from "../parts/ask.tsx";
import { strings } from "../strings.ts";

const words = strings.people;
const Unsaved = createContext<(form: string, isUnsaved: boolean) => void>(() => undefined);

/** Says of a form whether something in it was changed and not saved. */
export function useUnsaved(isUnsaved: boolean): void {
  const form = useId();
  const tell = useContext(Unsaved);
  useEffect(() => {
    tell(form, isUnsaved);
    return () => tell(form, false);
  }, [tell, form, isUnsaved]);
}

/** Asks before the page is left while a form in it is not saved; the browser asks before the tab is closed. */
export function AskUnsaved({ children }: { readonly children: ReactNode }) {
  const [forms, setForms] = useState<ReadonlySet<string>>(new Set());
  const [tell] = useState(() => (form: string, isUnsaved: boolean) => {
    setForms((before) => {
      if (before.has(form) === isUnsaved) {
        return before;
      }
      return new Set(isUnsaved ? [...before, form] : [...before].filter((each) => each !== form));
    });
  });
  const isUnsaved = forms.size > 0;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    if (isUnsaved) {
      addEventListener("beforeunload", ask);
    }
    return () => removeEventListener("beforeunload", ask);
  }, [isUnsaved]);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => isUnsaved && currentLocation.pathname !== nextLocation.pathname,
  );
  return (
    <Unsaved value={tell}>
      {children}
      <ModalOverlay
        className="overlay"
        isOpen={blocker.state === "blocked"}
        onOpenChange={(isOpen) => !isOpen && blocker.reset?.()}
        isDismissable
      >
        <Question
          title={words.unsavedTitle}
          cancel={words.stay}
          confirm={words.leavePage}
          confirmClass="button button-danger"
          onConfirm={() => blocker.proceed?.()}
        >
          <p>{words.unsaved}</p>
        </Question>
      </ModalOverlay>
    </Unsaved>
  );
}
