import type { ReactNode } from "react";
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { PendingButton } from "./pending-button.tsx";

interface QuestionProps {
  readonly title: string;
  /** What is asked, and what follows of it. */
  readonly children: ReactNode;
  readonly cancel: string;
  /** The button that does it. */
  readonly confirm: string;
  readonly confirmClass: string;
  /** While it is being done, the question stays. */
  readonly isPending?: boolean;
  readonly onConfirm: (close: () => void) => void;
}

/** What stands in an overlay that asks. The careful answer has the focus, and closes it. */
export function Question({ isPending = false, ...props }: QuestionProps) {
  return (
    <Modal className="modal">
      <Dialog role="alertdialog" className="modal-content">
        {({ close }) => (
          <>
            <Heading slot="title">{props.title}</Heading>
            {props.children}
            <div className="modal-buttons">
              <Button className="button" onPress={close} isDisabled={isPending} autoFocus>
                {props.cancel}
              </Button>
              <PendingButton
                className={props.confirmClass}
                onPress={() => props.onConfirm(close)}
                isPending={isPending}
              >
                {props.confirm}
              </PendingButton>
            </div>
          </>
        )}
      </Dialog>
    </Modal>
  );
}

interface Props extends QuestionProps {
  /** The button that asks. */
  readonly button: string;
  readonly buttonClass?: string;
  readonly isDisabled?: boolean;
  readonly onOpenChange?: () => void;
}

/**
 * A button that asks before it does what cannot be undone. A click beside the question
 * answers nothing: it may be the second one of a double click on the button. Escape closes it.
 */
export function Ask({ button, buttonClass = "button", isDisabled = false, onOpenChange, ...question }: Props) {
  return (
    <DialogTrigger {...(onOpenChange && { onOpenChange })}>
      <Button className={buttonClass} isDisabled={isDisabled}>
        {button}
      </Button>
      <ModalOverlay className="overlay" isKeyboardDismissDisabled={question.isPending ?? false}>
        <Question {...question} />
      </ModalOverlay>
    </DialogTrigger>
  );
}
