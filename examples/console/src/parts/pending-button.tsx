import { Button, type ButtonProps } from "react-aria-components";

interface Props extends Omit<ButtonProps, "isPending"> {
  /** What it began is under way. */
  readonly isPending: boolean;
}

/**
 * A button that takes no further press while its work is under way, and keeps the focus meanwhile. React Aria's own
 * `isPending` leaves an image for screen readers that is named by the button, and has no name once the button is gone.
 */
export function PendingButton({ isPending, type = "button", onPress, ...props }: Props) {
  return (
    <Button
      {...props}
      // Enter in a field of the form presses no button either.
      type={isPending ? "button" : type}
      {...(isPending && { "aria-disabled": true })}
      {...(onPress && !isPending && { onPress })}
    />
  );
}
