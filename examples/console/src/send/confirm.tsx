import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  /** Of the button that asks, and of the one in the dialog that does it. */
  readonly label: string;
  readonly title: string;
  readonly text: string;
  readonly cancel: string;
  readonly isDisabled?: boolean;
  readonly isPrimary?: boolean;
  readonly onConfirm: () => void;
}

/** A button that asks before it does what cannot be undone. */
export function Confirm({ label, title, text, cancel, isDisabled = false, isPrimary = false, onConfirm }: Props) {
  const look = isPrimary ? "button button-primary" : "button button-danger";
  return (
    <DialogTrigger>
      <Button className={look} isDisabled={isDisabled}>
        {label}
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal">
          <Dialog className="dialog" role="alertdialog">
            {({ close }) => (
              <>
                <Heading slot="title">{title}</Heading>
                <p>{text}</p>
                <div className="dialog-foot">
                  <Button className="button" autoFocus onPress={close}>
                    {cancel}
                  </Button>
                  <Button
                    className={look}
                    onPress={() => {
                      close();
                      onConfirm();
                    }}
                  >
                    {label}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
